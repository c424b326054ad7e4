import type { ComponentChildren } from "preact";

type Props = { title: string; figure: string; name?: string; children: ComponentChildren };

/** A figure with its title and an explanation; `name` is the accessible name when it is not the title. */
export function Tile({ title, figure, name = title, children }: Props) {
  return (
    <section class="tile" aria-label={name}>
      <h3>{title}</h3>
      <strong class="figure">{figure}</strong>
      {children}
    </section>
  );
}
