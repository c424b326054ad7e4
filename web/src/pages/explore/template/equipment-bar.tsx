import { useEffect, useRef, useState } from "preact/hooks";
import type { Api } from "../../../api/client";
import { useAction } from "../../../ui/action";
import { Helped } from "../../../ui/helped";
import { sentence } from "../../../ui/states";
import type { Lines } from "../use-lines";
import type { View } from "../use-view";
import { isField, stepByKey } from "./keys";
import { loadTemplate } from "./load";
import { stepHelp } from "./step-help";
import type { Followed } from "./use-template";
import "./template.css";

const FOLLOWING = "The address names points by their tags. Press to name them one by one.";
const TO_FOLLOW = "Name the points by their tags, so that the chart fits other equipment of the kind";

type Props = { api: Api; site: string; view: View; lines: Lines };

/** Makes the selection a template of its equipment, and goes from equipment to equipment. */
export function EquipmentBar({ api, site, view, lines }: Props) {
  const { template, followed } = view;
  const selection = JSON.stringify(view.points);
  const [refused, setRefused] = useState<{ selection: string; reason: string }>();
  const current = useRef(view);
  current.current = view;
  const follow = useAction(async () => {
    const result = await loadTemplate(api, site, lines.points, new AbortController().signal);
    // Not the view of the click: the range may have changed meanwhile.
    if (JSON.stringify(current.current.points) !== selection) return;
    if ("template" in result) current.current.show({ template: result.template });
    else setRefused({ selection, reason: result.reason });
  });
  const isOff = follow.busy || !lines.ready;
  const press = () => (template ? view.showPoints(view.points) : follow.begin());
  const reason =
    follow.error && !template
      ? sentence(follow.error.message)
      : refused?.selection === selection && !template
        ? refused.reason
        : undefined;
  return (
    <>
      <span class="equipment">
        <Helped help={template ? FOLLOWING : TO_FOLLOW}>
          {(help) => (
            <button
              type="button"
              aria-pressed={template !== undefined}
              aria-describedby={help}
              aria-disabled={isOff}
              onClick={() => isOff || press()}
            >
              Follow equipment
            </button>
          )}
        </Helped>
        {template && followed && (
          <Steps
            followed={followed}
            onEquipment={(equipment) => view.show({ template: { ...template, equipment } })}
          />
        )}
      </span>
      {reason && (
        <p class="notice mild reason" role="alert">
          {reason}
        </p>
      )}
    </>
  );
}

const PREVIOUS = { title: "Previous equipment", name: "[" };
const NEXT = { title: "Next equipment", name: "]" };

type StepsProps = { followed: Followed; onEquipment: (equipment: string) => void };

/** The equipment between the buttons to the previous and the next one of the kind. */
function Steps({ followed, onEquipment }: StepsProps) {
  const { equipment, kind, kindError, neighbour } = followed;
  const go = (step: 1 | -1) => {
    const next = neighbour(step);
    if (next !== undefined) onEquipment(next);
  };
  useKeys(go);
  const stateOf = (step: 1 | -1, { title, name }: { title: string; name: string }) => ({
    help: stepHelp(followed, step, `${title}: press ${name}`),
    isOff: neighbour(step) === undefined,
    onPress: () => go(step),
  });
  const position = (kind?.indexOf(equipment) ?? -1) + 1;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset can't be laid out among the other controls
    <span class="steps" role="group" aria-label="Equipment">
      <Step {...PREVIOUS} text="◀" {...stateOf(-1, PREVIOUS)} />
      <span aria-live="polite">
        <strong>{equipment}</strong>{" "}
        {kind && <small>{position ? `${position} of ${kind.length}` : `not one of ${kind.length}`}</small>}
        {kindError && <small>The other equipment could not be loaded: {sentence(kindError.message)}</small>}
      </span>
      <Step {...NEXT} text="▶" {...stateOf(1, NEXT)} />
    </span>
  );
}

type StepProps = {
  title: string;
  name: string;
  text: string;
  help: string;
  isOff: boolean;
  onPress: () => void;
};

function Step({ title, name, text, help, isOff, onPress }: StepProps) {
  return (
    <Helped help={help}>
      {(id) => (
        <button
          type="button"
          aria-label={title}
          aria-keyshortcuts={name}
          aria-describedby={id}
          // Not `disabled`, which would take the focus away.
          aria-disabled={isOff}
          onClick={onPress}
        >
          <span aria-hidden="true">{text}</span>
        </button>
      )}
    </Helped>
  );
}

function useKeys(onStep: (step: 1 | -1) => void): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const step = stepByKey(event, event.getModifierState("AltGraph"));
      if (!step || event.defaultPrevented || isField(event.target)) return;
      event.preventDefault();
      onStep(step);
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [onStep]);
}
