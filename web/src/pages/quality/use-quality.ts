import { ApiError, sitePath } from "../../api/client";
import type { Quality } from "../../api/types";
import { useLoaded } from "../../ui/load";
import type { PageProps } from "../page-props";

/** A page has 1,000 findings; a site of the largest known size has five points for each. */
const MAX_PAGES = 100;

type Props = Pick<PageProps, "api" | "site">;

/** All findings of a day, or of the latest archived day; null for a day without data quality. */
export function useQuality({ api, site }: Props, date: string) {
  const path = sitePath(site.site_name, "quality");
  const load = async (signal: AbortSignal) => {
    try {
      return { quality: await allPages(api, path, date, signal), missing: "" };
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return { quality: null, missing: error.message };
      throw error;
    }
  };
  return useLoaded(load, [api, path, date], date);
}

async function allPages(
  api: Props["api"],
  path: string,
  date: string,
  signal: AbortSignal,
): Promise<Quality> {
  const first = await api.get<Quality>(path, date ? { date } : {}, signal);
  const findings = [...first.findings];
  let token = first.next_token;
  for (let page = 1; token !== null && page < MAX_PAGES; page++) {
    const next: Quality = await api.get<Quality>(path, { date: first.date, next_token: token }, signal);
    findings.push(...next.findings);
    token = next.next_token;
  }
  return { ...first, findings, next_token: null };
}
