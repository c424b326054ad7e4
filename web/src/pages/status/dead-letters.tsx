import type { Status } from "../../api/types";
import { number } from "../../ui/format";
import { StatusWord } from "../../ui/status-word";
import { LETTERS } from "./health";
import { Tile } from "./tile";

type Name = keyof typeof LETTERS;
const NAMES = Object.keys(LETTERS) as Name[];

/** Messages that failed three times, by queue. */
export function DeadLetters({ letters }: { letters: Status["dead_letters"] }) {
  return (
    <section aria-labelledby="dead-letters">
      <h2 id="dead-letters">Dead letters</h2>
      {letters === null ? (
        <p class="muted">Only a token for all sites is told of them.</p>
      ) : (
        <div class="tiles">
          {NAMES.map((name) => (
            <Queue key={name} name={name} count={letters[name]} />
          ))}
        </div>
      )}
    </section>
  );
}

function Queue({ name, count }: { name: Name; count: number | null }) {
  const { queue, means } = LETTERS[name];
  if (count === null)
    return (
      <Tile title={name} name={queue} figure="–">
        <p>
          <StatusWord tone="warn">not known</StatusWord>
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
            <StatusWord tone="bad">to look at</StatusWord>
          </p>
          <p class="advice">
            {means} Mend the cause, then move the letters back:{" "}
            <code>aws sqs start-message-move-task --source-arn &lt;ARN of {queue}&gt;</code>
          </p>
        </>
      )}
    </Tile>
  );
}
