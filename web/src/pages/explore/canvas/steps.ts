// Work in short tasks, so that the page stays responsive.

/** The length of a task, far below the 50 ms that a person notices. */
const TASK_MS = 8;

/** Runs the steps in tasks, the first one at once, and then `done`; returns a function that stops them. */
export function runSteps(steps: Iterator<void>, done: () => void = () => {}): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const task = () => {
    const end = performance.now() + TASK_MS;
    while (performance.now() < end) {
      if (steps.next().done) return done();
    }
    timer = setTimeout(task, 0);
  };
  task();
  return () => clearTimeout(timer);
}

/** Lets the page do something else before the next task. */
export function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** Returns what the steps yield, computed in short tasks. */
export async function collected<T>(steps: Iterable<T>): Promise<T[]> {
  const results: T[] = [];
  let end = performance.now() + TASK_MS;
  for (const step of steps) {
    results.push(step);
    if (performance.now() < end) continue;
    await pause();
    end = performance.now() + TASK_MS;
  }
  return results;
}
