import { isDay } from "../../../ui/days";
import { Menu } from "../../../ui/menu";
import { parseVersus, type Versus, versusTitle } from "./versus";

type Props = { versus: Versus | undefined; onChoose: (versus: Versus | undefined) => void };

const OPTIONS = [
  { value: "none", title: "Nothing", help: "Only this range" },
  { value: "1w", title: "A week earlier", help: "The same weekdays of the week before" },
  { value: "364d", title: "52 weeks earlier", help: "The year before, with the same weekdays" },
];

/** The range that the chart is compared with. */
export function CompareMenu({ versus, onChoose }: Props) {
  const choose = (text: string) => onChoose(parseVersus(text));
  return (
    <Menu
      name="Compare with"
      text={versus ? versusTitle(versus) : "nothing"}
      options={OPTIONS}
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
            The range that begins on
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
