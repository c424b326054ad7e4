import type { PageProps } from "../app";

export function Backfills({ site }: PageProps) {
  return <h1>{site.display_name}</h1>;
}
