import type { PageProps } from "../../app";

export function Status({ site }: PageProps) {
  return <h1>{site.display_name}</h1>;
}
