/** The colour of a status; the text always says the status too. */
export type Tone = "good" | "busy" | "warn" | "bad" | "quiet";

export function StatusWord({ tone, children }: { tone: Tone; children: string }) {
  return <span class={`status-word ${tone}`}>{children}</span>;
}
