import { useContext } from "preact/hooks";
import { isDay } from "../../../ui/days";
import { Menu, type MenuOption } from "../../../ui/menu";
import { longUnit } from "../measure/buckets";
import type { Plan } from "../measure/plan";
import type { Span } from "../range/range";
import { SiteZone } from "../site-zone";
import { hasOneBucket, parseVersus, type Versus, versusTitle } from "./versus";

type Props = {
  versus: Versus | undefined;
  plan: Plan;
  span: Span;
  onChoose: (versus: Versus | undefined) => void;
};

const NOTHING = { value: "none", title: "Nothing", help: "Only this range" };
const WEEK = { value: "1w", title: "A week earlier", help: "The same weekdays of the week before" };
const WEEKS = { value: "364d", title: "52 weeks earlier", help: "The year before, with the same weekdays" };
const YEAR = { value: "364d", title: "A year earlier", help: "The same months of the year before" };

/** Returns the entries, each with the reason for which buckets of a plan cannot be compared so. */
export function optionsOf({ bucket, measured }: Pick<Plan, "bucket" | "measured">): MenuOption<string>[] {
  if (bucket !== "1mo" || !measured.length) return [NOTHING, WEEK, WEEKS];
  return [NOTHING, { ...WEEK, reason: "Buckets of a month are compared with other months" }, YEAR];
}

/** The range that the chart is compared with. */
export function CompareMenu({ versus, plan, span, onChoose }: Props) {
  const timeZone = useContext(SiteZone);
  const bucket = plan.measured.length ? plan.bucket : undefined;
  const unit = longUnit(bucket);
  const choose = (text: string) => onChoose(parseVersus(text));
  return (
    <Menu
      name="Compare with"
      text={versus ? versusTitle(versus, bucket, span, timeZone) : "nothing"}
      options={optionsOf(plan)}
      value={versus ?? "none"}
      chosen={versus !== undefined}
      onChoose={choose}
    >
      {(close) => (
        <form
          class="more"
          onSubmit={(event) => {
            event.preventDefault();
            const date = new FormData(event.currentTarget).get("date");
            if (!date) return;
            close();
            choose(String(date));
          }}
        >
          <label>
            {unit
              ? `${hasOneBucket(span, bucket, timeZone) ? "The" : "From the"} ${unit} of`
              : "The range that begins on"}
            <input
              type="date"
              name="date"
              required
              min="1990-01-01"
              max="9999-12-31"
              defaultValue={versus && isDay(versus) ? versus : ""}
            />
          </label>
          <button type="submit">Compare</button>
        </form>
      )}
    </Menu>
  );
}
