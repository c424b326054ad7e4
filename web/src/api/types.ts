// The answers of the API, as docs/api.md tells.

export type Site = {
  site_name: string;
  display_name: string;
  points: number;
  synced_from: string | null;
  synced_until: string | null;
  lag_seconds: number | null;
};

export type Point = {
  point_name: string;
  display_name: string;
  unit: string;
  tags: string[];
  interval_seconds: number | null;
  description: string;
  device: string | null;
  equipment: string | null;
};

export type PointPage = { points: Point[]; next_token: string | null };

export type Tags = {
  site_name: string;
  tags: { tag: string; points: number }[];
  equipment: { equipment: string; device: string | null; points: number }[];
};

export type Latest = {
  site_name: string;
  latest: {
    point_name: string;
    timestamp: number | null;
    value: number | null;
    unit: string;
    last_seen: number | null;
  }[];
  next_token: string | null;
  warnings: string[];
};

export type Resolution = "raw" | "5m" | "1h" | "1d";

export type Gap = {
  start: string;
  end: string;
  reason: "not_polled" | "no_data" | "rejected";
  /** Whether it goes on with the last gap of the page before. */
  continues?: boolean;
};

export type Series = {
  point_name: string;
  timestamps: number[];
  values: number[];
  min?: number[];
  max?: number[];
  count?: number[];
  first?: number[];
  last?: number[];
  gaps: Gap[];
  coverage: { expected: number | null; received: number };
};

export type Cost = {
  read_units: number;
  requests: number;
  bytes: number;
  bytes_scanned: number;
  micro_dollars: number;
};

export type WarningDetail = { code: string; text: string };

export type QueryAnswer = {
  site_name: string;
  start_time: string;
  end_time: string;
  resolution: Resolution;
  data_type: "raw" | "aggregate";
  series: Series[];
  metadata: {
    total_samples: number;
    sources: ("hot" | "rollup" | "archive" | "athena")[];
    query_time_ms: number;
    cache_hit: boolean;
    next_token: string | null;
    method: string | null;
    samples_read: number;
    samples_returned: number;
    cost: Cost;
  };
  warnings: string[];
  warning_details: WarningDetail[];
};

export type CoverageDay = {
  date: string;
  windows_expected: number;
  windows_polled: number;
  windows_with_data: number;
  samples: number;
  archive: "" | "verified" | "done";
  archived_samples: number;
  settled: boolean;
};

export type Coverage = { site_name: string; windows_per_day: number; days: CoverageDay[] };

export type Estimate = { requests: number; minutes: number; dollars: number };

export type BackfillStarted = {
  id?: string;
  status?: string;
  dry_run?: boolean;
  site_name: string;
  start_date: string;
  end_date: string;
  force: boolean;
  days_total: number;
  days_complete: number;
  estimate: Estimate;
};

export type BackfillDay = {
  date: string;
  status: string;
  samples: number;
  rejected: number;
  requests: number;
  hours: number;
  attempts: number;
  seconds: number;
  error: string;
};

export type Backfill = {
  id: string;
  site_name: string;
  start_date: string;
  end_date: string;
  force: boolean;
  status: "running" | "succeeded" | "partial" | "failed" | "cancelled";
  requested_by: string;
  started_at: string;
  ended_at: string | null;
  cancel_requested: boolean;
  progress_percent: number;
  days_total: number;
  days_complete: number;
  days_done: number;
  days_empty: number;
  days_failed: number;
  days_cancelled: number;
  samples: number;
  requests: number;
  samples_per_second: number;
  estimated_end: string | null;
  error: string;
  days?: BackfillDay[];
};

export type ExportJob = {
  id: string;
  status: "queued" | "running" | "completed" | "failed" | "cancelled";
  progress_percent: number;
  site_name: string;
  start_time: string;
  end_time: string;
  format: "csv" | "parquet";
  points: number | null;
  days_total: number;
  days_done: number;
  rows: number;
  bytes: number;
  error: string;
  files?: { name: string; bytes: number; url: string }[];
  links_expire_at?: string;
};

export type SiteStatus = {
  site_name: string;
  display_name: string;
  points: number;
  synced_until: string | null;
  lag_seconds: number | null;
  late: boolean;
  overdue: boolean;
  rejected: Record<string, number>;
  rejected_since: string | null;
  rejected_until: string | null;
  unarchived_days: string[];
  unarchived_count: number | null;
  upstream_paused_until: string | null;
};

export type Status = {
  sites: SiteStatus[];
  dead_letters: { sync: number | null; archive: number | null; export: number | null } | null;
  warnings: string[];
};
