import { useContext } from "preact/hooks";
import { Helped } from "../../../ui/helped";
import type { ZoneChoice } from "../address";
import { SiteZone } from "../site-zone";

type Props = { choice: ZoneChoice; site: string; browser: string; onChoose: (choice: ZoneChoice) => void };

/** The zone of every time on the page, and a switch to the other one if they differ. */
export function ZoneSwitch({ choice, site, browser, onChoose }: Props) {
  const timeZone = useContext(SiteZone);
  const other = choice === "site" ? "browser" : "site";
  return (
    <span class="zone">
      Times in {timeZone}
      {(site !== browser || choice === "browser") && (
        <Helped help={`Show times in ${other === "browser" ? browser : site}`}>
          {(help) => (
            <button type="button" class="quiet" aria-describedby={help} onClick={() => onChoose(other)}>
              {other === "browser" ? "Use the browser's" : "Use the site's"}
            </button>
          )}
        </Helped>
      )}
    </span>
  );
}
