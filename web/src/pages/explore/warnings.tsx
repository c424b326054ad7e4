import { number } from "../../ui/format";

const SHOWN = 3;

/** The warnings of an answer. */
export function Warnings({ texts }: { texts: string[] }) {
  if (!texts.length) return null;
  return (
    <ul class="notice mild warnings" role="status">
      {texts.slice(0, SHOWN).map((text) => (
        <li key={text}>{text}</li>
      ))}
      {texts.length > SHOWN && <li>and {number(texts.length - SHOWN)} more</li>}
    </ul>
  );
}
