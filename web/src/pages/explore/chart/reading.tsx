import { useContext, useEffect, useState } from "preact/hooks";
import { type Store, useStore } from "../../../store";
import type { Line } from "../data/line";
import type { Hover } from "../plot/cursor";
import { SiteZone } from "../site-zone";
import { momentOf, sentenceOf } from "./moment";

/** While keys repeat, nothing is read aloud. */
const PAUSE_MS = 300;

/** Reads the values at the cursor aloud when keys have moved it. */
export function Reading({ lines, hover }: { lines: readonly Line[]; hover: Store<Hover> }) {
  const cursor = useStore(hover);
  const timeZone = useContext(SiteZone);
  const time = cursor?.keyed ? cursor.time : undefined;
  const [text, setText] = useState("");
  useEffect(() => {
    const sentence = time === undefined ? "" : sentenceOf(lines, momentOf(lines, time, timeZone), timeZone);
    const timer = setTimeout(() => setText(sentence), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [lines, time, timeZone]);
  return (
    <p class="visually-hidden" aria-live="polite">
      {text}
    </p>
  );
}
