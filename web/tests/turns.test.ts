import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Turns } from "../src/pages/explore/canvas/turns";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Returns turns of panes with these rows, and what they do: the panes of each task, and when all are drawn. */
function started(rows: number[]): { turns: Turns; tasks: string[] } {
  const tasks = [""];
  const note = (text: string) => tasks.push(`${tasks.pop()}${text}`);
  const turns = new Turns({
    draw: (pane) => note(String(pane)),
    rowsOf: (pane) => rows[pane] ?? 0,
    onDone: () => note("."),
    attempt: (turn) => {
      tasks.push("");
      turn();
    },
  });
  turns.start(rows.keys());
  return { turns, tasks };
}

test("small panes are drawn at once", () => {
  const { turns, tasks } = started([3000, 3000, 3000]);
  expect(tasks).toEqual(["012."]);
  expect(turns.isDone).toBe(true);
});

test("large panes have tasks of their own", () => {
  const { turns, tasks } = started([40_000, 4000, 4000, 8000]);
  expect(turns.isDone).toBe(false);
  vi.runAllTimers();
  expect(tasks).toEqual(["0", "12", "3."]);
});

test("a drawing continues with the panes that wait", () => {
  const { turns, tasks } = started([9000, 9000, 9000]);
  turns.start([0, 1, 2]);
  vi.runAllTimers();
  expect(tasks).toEqual(["0", "1", "2", "0."]);
});

test("stopped turns draw nothing more", () => {
  const { turns, tasks } = started([9000, 9000]);
  turns.stop();
  vi.runAllTimers();
  expect(tasks).toEqual(["0"]);
});
