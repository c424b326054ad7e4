import type { ComponentChildren } from "preact";
import type { Loaded } from "./load";
import { Notice } from "./notice";
import { Retry } from "./retry";
import { advice, Failure, Loading } from "./states";

type Props<T> = { loaded: Loaded<T>; subject: string; children: (value: T) => ComponentChildren };

/** What is loaded, below the error of a later request; the error or what is loading while there is nothing. */
export function LoadedContent<T>({ loaded: { value, error, reload }, subject, children }: Props<T>) {
  if (value === undefined)
    return error ? <Failure error={error} onRetry={reload} /> : <Loading subject={subject} />;
  return (
    <>
      {error && (
        <Notice error={error}>
          {advice(error)} <Retry onRetry={reload} />
        </Notice>
      )}
      {children(value)}
    </>
  );
}
