// Generated from functions/query/openapi.json by `python -m tools.types`. Do not edit.

/** A site, and how far it is synced. */
export type Site = {
  site_name: string;
  display_name: string;
  /** A paused site is not synced; its samples can be queried. */
  status: "enabled" | "paused";
  /** IANA name; UTC until it is set. */
  timezone: string;
  /** Units of the answers: those of the source, or converted ones. */
  units: "source" | "metric" | "imperial";
  /** Local dates YYYY-MM-DD, in order. */
  holidays: string[];
  points: number;
  synced_from: string | null;
  synced_until: string | null;
  /** Null when the site was never synced. */
  lag_seconds: number | null;
};

/** The sites that the token grants. */
export type Sites = {
  sites: Site[];
};

/** A point as the upstream lists it. */
export type Point = {
  point_name: string;
  /** For people; not unique. */
  display_name: string;
  unit: string;
  /** Markers, and pairs as key=value. */
  tags: string[];
  /** How often it is collected. */
  interval_seconds: number | null;
  description: string;
  device: string | null;
  equipment: string | null;
  /** What its values mean: derived, or as set by hand. */
  kind: "binary" | "multistate" | "analog" | "counter" | "setpoint";
  /** The value after which the counter begins again at 0, if it was set. */
  rollover?: number;
  /** The numbers of its state texts, if they were set. */
  states?: Record<string, number>;
};

/** A page of points in name order. */
export type PointPage = {
  points: Point[];
  next_token: string | null;
};

/** Points that belong together; `tag=equip=<equipment>` selects them. */
export type Equipment = {
  equipment: string;
  device: string | null;
  points: number;
};

/** A tag as the parameter `tag` takes it, with the number of its points. */
export type Tag = {
  tag: string;
  points: number;
};

/** The tags and the equipment that a site's points can be selected by. */
export type Tags = {
  site_name: string;
  /** Most points first, at most 500. */
  tags: Tag[];
  /** By name. */
  equipment: Equipment[];
};

/** A point's newest sample, null when there is none within 24 hours. */
export type Newest = {
  point_name: string;
  timestamp: number | null;
  value: number | null;
  unit: string;
  /** UTC milliseconds of that sample, or else of the last archived hour with samples; or null. */
  last_seen: number | null;
};

/** A warning with its code and its subject. */
export type WarningDetail = {
  code:
    | "UNKNOWN_POINT"
    | "COLUMNS_SPLIT_BUCKETS"
    | "NEGATIVE_STEPS"
    | "DAY_UNREADABLE"
    | "TIME_LIMIT"
    | "GAPS_OMITTED"
    | "SOURCE_UNREADABLE"
    | "TOO_MANY_SAMPLES";
  /** The same text as in `warnings`. */
  text: string;
  /** With DAY_UNREADABLE, as YYYY-MM-DD. */
  day?: string;
  /** With UNKNOWN_POINT and NEGATIVE_STEPS. */
  point_name?: string;
  /** With SOURCE_UNREADABLE, when only this site is affected. */
  site_name?: string;
};

/** A page of newest samples. */
export type Latest = {
  /** What is missing from the response, and why; empty if nothing is. */
  warnings: string[];
  /** The same warnings with their codes. */
  warning_details: WarningDetail[];
  site_name: string;
  latest: Newest[];
  next_token: string | null;
};

/** What the answer cost to read, at list prices. */
export type Cost = {
  read_units: number;
  requests: number;
  bytes: number;
  bytes_scanned: number;
  micro_dollars: number;
};

/** What the answer was read from, how a chart was reduced, and what the request took. */
export type Metadata = {
  query_time_ms: number;
  cache_hit: boolean;
  cost: Cost;
  total_samples: number;
  sources: ("hot" | "rollup" | "archive" | "athena")[];
  /** Set when there is more: repeat the request with it. */
  next_token: string | null;
  /** How a chart was reduced. */
  method: "m4" | "minmax" | "lttb" | "mean" | null;
  samples_read: number;
  /** Rows of the answer: of all series, or of the table. */
  samples_returned: number;
};

/** Samples expected from the collection interval, and samples received. */
export type SeriesCoverage = {
  expected: number | null;
  received: number;
};

/** A time without rows: between two rows of a series, or up to an edge of the range. */
export type Gap = {
  /** ISO 8601. */
  start: string;
  end: string;
  reason: "not_polled" | "no_data" | "rejected" | "flagged";
  /** Whether this continues the last gap of the previous page. */
  continues?: boolean;
};

/** A step of a counter: the time and value of its second sample, and the value before. */
export type Step = {
  time: string;
  from: number;
  to: number;
};

/** The day file of a UTC day (YYYY-MM-DD), by its ETag. */
export type DayFile = {
  date: string;
  etag: string;
};

/** What a total rests on. */
export type Proof = {
  /** Known time, 0 to 1 of the page's range; null if the site is not synced in any of it. */
  known_share: number | null;
  /** The part of an increase that happened in gaps. */
  bridged: number;
  /** Where a counter began again at 0, and steps over more than 31 days, which count 0. */
  resets: Step[];
  rollovers: Step[];
  /** Samples that were left out because they are lower than those around them. */
  dips: Step[];
  spikes: Step[];
  /** When samples of the range's days were last written. */
  newest_correction: string | null;
  /** The archived days of the range, in UTC. */
  files: DayFile[];
};

/** One point; the lists have one entry per row, in order of time. */
export type Series = {
  point_name: string;
  /** Of `values`; empty for none. */
  unit: string;
  /** Of the point, as the upstream spells it. */
  source_unit: string;
  /** UTC milliseconds; for aggregates, the start of each bucket. */
  timestamps: number[];
  /** Samples; for aggregates, the measure. */
  values: number[];
  gaps: Gap[];
  coverage: SeriesCoverage;
  /** With at_most: what runtime, or an integral of a binary point, may be where time is not known. */
  at_least?: number[];
  at_most?: number[];
  /** Samples of each bucket; only for aggregates. */
  count?: number[];
  /** UTC milliseconds at which buckets end; for buckets of days, weeks, months and years. */
  ends?: number[];
  /** Only for means. */
  first?: number[];
  /** Known share of each bucket, 0 to 1; null where rollups of version 1 do not tell. Not in charts. */
  known?: (number | null)[];
  /** Only for means. */
  last?: number[];
  /** Only for means. */
  max?: number[];
  /** Only for means. */
  min?: number[];
  /** Rows whose bucket is not over, or not synced to its end. */
  partial?: number[];
  /** With the measures increase, runtime and integral. */
  proof?: Proof;
};

/** One series per point in the order requested, empty when there is no data. */
export type QueryAnswer = {
  /** What is missing from the response, and why; empty if nothing is. */
  warnings: string[];
  /** The same warnings with their codes. */
  warning_details: WarningDetail[];
  site_name: string;
  start_time: string;
  end_time: string;
  /** raw, or the length of the buckets, such as 15m, 1h, 1d. */
  resolution: string;
  data_type: "raw" | "aggregate";
  /** The zone of the buckets, an IANA name. */
  timezone: string;
  /** What `values` are; null for raw. */
  measure: string | null;
  /** The system of the units of the values. */
  units: "source" | "metric" | "imperial";
  metadata: Metadata;
  series: Series[];
};

/** A point, or a sum of points, by the name requested; `values` has an entry per row of the table. */
export type TableColumn = {
  point_name: string;
  /** Of `values`; empty for none. */
  unit: string;
  /** Of its points, as the upstream spells it; empty where a sum's points differ. */
  source_unit: string;
  /** Null where nothing is known. */
  values: (number | null)[];
  /** Rows of this page whose value is filled. */
  filled: number[];
};

/** A row for each bucket, from the first to the last that began, and a column for each name requested. */
export type TableAnswer = {
  /** What is missing from the response, and why; empty if nothing is. */
  warnings: string[];
  /** The same warnings with their codes. */
  warning_details: WarningDetail[];
  site_name: string;
  start_time: string;
  end_time: string;
  /** raw, or the length of the buckets, such as 15m, 1h, 1d. */
  resolution: string;
  data_type: "raw" | "aggregate";
  /** The zone of the buckets, an IANA name. */
  timezone: string;
  /** What `values` are; null for raw. */
  measure: string | null;
  /** The system of the units of the values. */
  units: "source" | "metric" | "imperial";
  metadata: Metadata;
  /** UTC milliseconds of the start of each bucket. */
  timestamps: number[];
  columns: TableColumn[];
  /** Rows whose bucket is not over, or not synced to its end. */
  partial: number[];
  /** UTC milliseconds at which buckets end; for buckets of days, weeks, months and years. */
  ends?: number[];
};

/** What the summary was read from, and what the request took. */
export type SummaryMetadata = {
  query_time_ms: number;
  cache_hit: boolean;
  cost: Cost;
  sources: ("hot" | "rollup" | "archive" | "athena")[];
};

/** A point, or a sum of points, in the range; null where it has no such value, or nothing is known. */
export type SummaryOfPoint = {
  point_name: string;
  /** Of the values; empty for none. That of `sd` and `increase` of a temperature is a difference. */
  unit: string;
  /** As the upstream spells it. */
  source_unit: string;
  /** Null for a sum of points of several kinds, and for an unknown point. */
  kind: "binary" | "multistate" | "analog" | "counter" | "setpoint" | null;
  min: number | null;
  max: number | null;
  mean: number | null;
  time_weighted_mean: number | null;
  sd: number | null;
  p5: number | null;
  p50: number | null;
  p95: number | null;
  first: number | null;
  first_time: string | null;
  last: number | null;
  last_time: string | null;
  increase: number | null;
  /** In seconds. */
  runtime: number | null;
  starts: number | null;
  /** The highest mean of a local quarter of an hour that is whole within the range and the hours. */
  peak: number | null;
  /** When that quarter of an hour begins. */
  peak_time: string | null;
  /** Known share of the range, or of what is synced of it. */
  known: number | null;
  /** Samples; null for a sum. */
  count: number | null;
};

/** A summary of each name requested, in that order. */
export type SummaryAnswer = {
  /** What is missing from the response, and why; empty if nothing is. */
  warnings: string[];
  /** The same warnings with their codes. */
  warning_details: WarningDetail[];
  site_name: string;
  start_time: string;
  end_time: string;
  timezone: string;
  units: "source" | "metric" | "imperial";
  points: SummaryOfPoint[];
  metadata: SummaryMetadata;
};

/** A day of a site. `archive` is empty until the day is archived for the first time. */
export type CoverageDay = {
  date: string;
  windows_expected: number;
  windows_polled: number;
  windows_with_data: number;
  samples: number;
  archive: "" | "building" | "verified" | "done" | "failed";
  archived_samples: number;
  /** Archived, and nothing written since. */
  settled: boolean;
};

/** Day by day, windows that were polled and windows with data. */
export type Coverage = {
  site_name: string;
  windows_per_day: number;
  days: CoverageDay[];
};

/** How many outages a day had, and how many points each other finding. */
export type FindingCounts = {
  outage: number;
  silent: number;
  stuck: number;
  range: number;
  jump: number;
  text: number;
  idle: number;
};

/** What a rule found in the day of a point, or an outage of the site; docs/quality.md has the rules. */
export type Finding = {
  finding: "outage" | "silent" | "stuck" | "range" | "jump" | "text" | "idle";
  /** Null for an outage of the site. */
  point_name: string | null;
  display_name: string;
  unit: string;
  kind: "binary" | "multistate" | "analog" | "counter" | "setpoint" | null;
  first_time: string;
  last_time: string;
  /** How often it occurred; hours of `text`. */
  count: number;
  /** Of the longest run; only for stuck and idle. */
  longest_seconds: number | null;
  /** The one that is stuck, the one furthest out of range, or the largest step of a jump. */
  value: number | null;
  /** The smallest value in range; only for range. */
  low: number | null;
  high: number | null;
  /** How many points were silent at once; only for outages. */
  points: number | null;
};

/** A page of the findings of an archived day: outages, then the worst finding first, in order of names. */
export type Quality = {
  site_name: string;
  date: string;
  /** When the archiving that judged the day began to read it. */
  archived_at: string;
  /** How many were judged. */
  points: number;
  counts: FindingCounts;
  findings: Finding[];
  next_token: string | null;
};

/** About how many messages failed for good, by queue; null where SQS did not answer. */
export type DeadLetterCounts = {
  sync: number | null;
  archive: number | null;
  export: number | null;
};

/** A site with its lag, rejected readings and unarchived days. */
export type SiteStatus = {
  site_name: string;
  display_name: string;
  /** A paused site is not synced; its samples can be queried. */
  status: "enabled" | "paused";
  /** IANA name; UTC until it is set. */
  timezone: string;
  /** Units of the answers: those of the source, or converted ones. */
  units: "source" | "metric" | "imperial";
  /** Local dates YYYY-MM-DD, in order. */
  holidays: string[];
  points: number;
  synced_from: string | null;
  synced_until: string | null;
  /** Null when the site was never synced. */
  lag_seconds: number | null;
  /** Whether the site is enabled, and more than 20 minutes behind or was never synced. */
  late: boolean;
  /** Whether an unarchived day ended more than 48 hours ago. */
  overdue: boolean;
  /** Readings of the latest sync, by reason. */
  rejected: Record<string, number>;
  /** Start of the times that this sync requested; null until the next sync. */
  rejected_since: string | null;
  rejected_until: string | null;
  /** Days that have ended and are due, oldest first, at most 100. */
  unarchived_days: string[];
  /** Null when it could not be read; `warnings` says so. */
  unarchived_count: number | null;
  /** Archived days whose rollups are of an older release; null as `unarchived_count`. */
  days_to_rebuild: number | null;
  /** Set while requests to the upstream are paused. */
  upstream_paused_until: string | null;
};

/** Status of each site: lag, rejected readings, unarchived days, dead letters. */
export type Status = {
  /** What is missing from the response, and why; empty if nothing is. */
  warnings: string[];
  /** The same warnings with their codes. */
  warning_details: WarningDetail[];
  sites: SiteStatus[];
  /** Null for tokens of some sites only. */
  dead_letters: DeadLetterCounts | null;
};

/** What reading the days is expected to take. */
export type Estimate = {
  requests: number;
  minutes: number;
  dollars: number;
};

/** What a run would do. */
export type BackfillStarted = {
  site_name: string;
  start_date: string;
  end_date: string;
  force: boolean;
  rebuild: boolean;
  days_total: number;
  days_complete: number;
  estimate: Estimate;
  dry_run?: true;
  id?: string;
  status?: "running";
};

/** The progress of one day; `hours` of it are read. */
export type BackfillDay = {
  date: string;
  status: "waiting" | "reading" | "done" | "empty" | "failed" | "cancelled";
  samples: number;
  rejected: number;
  requests: number;
  hours: number;
  attempts: number;
  seconds: number;
  error: string;
};

/** A run with its progress; it reads `days_total` days. */
export type Backfill = {
  id: string;
  site_name: string;
  start_date: string;
  end_date: string;
  force: boolean;
  /** Archived days are archived again, without requests to the upstream. */
  rebuild: boolean;
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

/** A file of the result. */
export type ExportFile = {
  name: string;
  bytes: number;
  /** Needs no token; valid until links_expire_at. */
  url: string;
};

/** An export with its progress; times that have not been reached are null. */
export type ExportJob = {
  id: string;
  status: "queued" | "running" | "completed" | "failed" | "cancelled";
  progress_percent: number;
  site_name: string;
  /** ISO 8601, like all times here. */
  start_time: string;
  /** Cut at the time of the request. */
  end_time: string;
  format: "csv" | "parquet" | "arrow" | "json";
  priority: "normal" | "high";
  /** Of the buckets, and of the times in CSV and JSON. */
  timezone: string;
  form: "series" | "table";
  /** The length of the buckets, or raw. */
  resolution: string;
  /** Null for samples. */
  measure: string | null;
  /** Null where nothing is filled. */
  fill: string | null;
  /** source, metric or imperial. */
  units: string;
  /** The local hours that count, null for all. */
  hours: string | null;
  /** The days of the week that count, null for all. */
  days: string | null;
  /** How many are exported. */
  points: number;
  /** The name of the token. */
  requested_by: string;
  created_at: string;
  started_at: string | null;
  ended_at: string | null;
  /** When the export and its files are gone. */
  expires_at: string;
  cancel_requested: boolean;
  attempts: number;
  days_total: number;
  days_done: number;
  /** Of the finished parts. */
  rows: number;
  /** Of the files of the finished parts. */
  bytes: number;
  /** By Athena, for the finished parts. */
  bytes_scanned: number;
  /** Why the last attempt failed; empty if it did not. */
  error: string;
  files?: ExportFile[];
  links_expire_at?: string;
};

/** What the page Explore of a site shows, under a name. */
export type SavedView = {
  name: string;
  /** The query part of the page's address, without `?`. */
  view: string;
  /** Name and id of the token that saved it last. */
  saved_by: string;
  /** ISO 8601. */
  saved_at: string;
};

/** The saved views of a site in the order of their names, at most 200. */
export type SavedViews = {
  site_name: string;
  views: SavedView[];
};

/** The view is removed. */
export type RemovedView = {
  name: string;
  status: "removed";
};

export type Resolution = QueryAnswer["resolution"];
