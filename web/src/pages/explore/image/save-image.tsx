import { useContext, useRef } from "preact/hooks";
import type { Site } from "../../../api/types";
import { useAction } from "../../../ui/action";
import { sentence } from "../../../ui/states";
import { save } from "../download/csv";
import { SiteZone } from "../site-zone";
import type { Lines } from "../use-lines";
import type { View } from "../use-view";
import { imageName, itemsOf, keyItems, rangeText } from "./caption";
import { compose, toFile } from "./compose";
import { useFigureDrawn } from "./use-figure-drawn";

type Props = { site: Site; view: View; lines: Lines };

/** Saves what the tab shows as a picture. */
export function SaveImage({ site, view, lines }: Props) {
  const timeZone = useContext(SiteZone);
  const button = useRef<HTMLButtonElement>(null);
  const drawn = useFigureDrawn(button);
  const hasLines = view.tabs.tab === "lines";
  const span = hasLines ? lines.shown : view.span;
  const write = useAction(async () => {
    const panel = document.getElementById("tab-panel");
    if (!panel) throw new Error("No chart is shown");
    const name = site.display_name || site.site_name;
    const picture = compose(panel, {
      title: view.followed ? `${name}, ${view.followed.equipment}` : name,
      items: hasLines ? chartItems(lines) : [],
      range: rangeText(span, timeZone),
    });
    save(await toFile(picture), imageName(site.site_name, span));
  });
  const isOff = write.busy || !drawn;
  return (
    <>
      <button
        ref={button}
        type="button"
        // Not `disabled`, which would take the focus away at each refresh.
        aria-disabled={isOff}
        onClick={() => isOff || write.begin()}
      >
        Save image
      </button>
      {write.error && (
        <p class="notice mild image-error" role="alert">
          {sentence(write.error.message)}
        </p>
      )}
    </>
  );
}

function chartItems({ chart, plan, samples, others }: Lines) {
  return [...itemsOf(chart.lines, plan, samples?.resolution ?? "raw"), ...keyItems(others, chart.lines)];
}
