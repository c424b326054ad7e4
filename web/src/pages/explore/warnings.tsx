import { number } from "../../ui/format";

const MOST = 3;

/** What the API says is missing of an answer. */
export function Warnings({ texts }: { texts: string[] }) {
  if (!texts.length) return null;
  return (
    <ul class="notice mild warnings" role="status">
      {texts.slice(0, MOST).map((text) => (
        <li key={text}>{text}</li>
      ))}
      {texts.length > MOST && <li>and {number(texts.length - MOST)} more like these</li>}
    </ul>
  );
}
