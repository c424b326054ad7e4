import type { Status } from "../../api/types";
import { number } from "../../ui/format";
import { StatusWord } from "../../ui/status-word";
import { DEAD_LETTER_QUEUES } from "./health";
import { Tile } from "./tile";

type Name = keyof typeof DEAD_LETTER_QUEUES;
const NAMES = Object.keys(DEAD_LETTER_QUEUES) as Name[];

/** The number of dead letters in each queue. */
export function DeadLetters({ counts }: { counts: Status["dead_letters"] }) {
  return (
    <section aria-labelledby="dead-letters">
      <h2 id="dead-letters">Dead letters</h2>
      {counts === null ? (
        <p class="muted">Only tokens for every site can see dead letters.</p>
      ) : (
        <div class="tiles">
          {NAMES.map((name) => (
            <Queue key={name} name={name} count={counts[name]} />
          ))}
        </div>
      )}
    </section>
  );
}

function Queue({ name, count }: { name: Name; count: number | null }) {
  const { queue, means } = DEAD_LETTER_QUEUES[name];
  if (count === null)
    return (
      <Tile title={name} name={queue} figure="–">
        <p>
          <StatusWord tone="warn">unknown</StatusWord>
        </p>
      </Tile>
    );
  return (
    <Tile title={name} name={queue} figure={number(count)}>
      {count === 0 ? (
        <p>
          <StatusWord tone="good">none</StatusWord>
        </p>
      ) : (
        <>
          <p>
            <StatusWord tone="bad">needs attention</StatusWord>
          </p>
          <p class="advice">
            {means} Fix the cause, then move the messages back:{" "}
            <code>aws sqs start-message-move-task --source-arn &lt;ARN of {queue}&gt;</code>
          </p>
        </>
      )}
    </Tile>
  );
}
