import { Empty, Failure, Loading } from "../../../ui/states";
import type { Followed } from "./use-template";

/** What is not as the address expects. */
export function RoleNotes({ texts }: { texts: string[] }) {
  if (!texts.length) return null;
  return (
    <ul class="notice mild warnings" role="status">
      {texts.map((text) => (
        <li key={text}>{text}</li>
      ))}
    </ul>
  );
}

/** Why a template has no points to show. */
export function NoPoints({ followed: { equipment, error, pending, reload } }: { followed: Followed }) {
  if (error) return <Failure error={error} onRetry={reload} />;
  if (pending) return <Loading subject="points" />;
  return (
    <Empty title={`${equipment} has no point with these tags`}>
      Go to other equipment above, or choose points from the list.
    </Empty>
  );
}
