import type { PageProps } from "../app";

export function Explore({ site }: PageProps) {
  return <h1>{site.display_name}</h1>;
}
