/** How something is, by a colour and never by the colour alone. */
export type Tone = "good" | "busy" | "warn" | "bad" | "quiet";

export function StatusWord({ tone, children }: { tone: Tone; children: string }) {
  return <span class={`status-word ${tone}`}>{children}</span>;
}
