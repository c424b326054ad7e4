import { useState } from "preact/hooks";
import { type Api, sitePath } from "../../../api/client";
import type { Tags } from "../../../api/types";
import { useLoaded } from "../../../ui/load";
import { Retry } from "../../../ui/retry";

type Props = {
  api: Api;
  site: string;
  tags: string[];
  equipment: string;
  onTags: (tags: string[]) => void;
  onEquipment: (equipment: string) => void;
};

/** Filters the list by tags and equipment. */
export function Filters({ api, site, tags, equipment, onTags, onEquipment }: Props) {
  const loaded = useLoaded((signal) => api.get<Tags>(sitePath(site, "tags"), {}, signal), [api, site]);
  const [text, setText] = useState("");
  const addTag = (tag: string) => {
    setText("");
    if (tag && !tags.includes(tag)) onTags([...tags, tag]);
  };
  return (
    <>
      <form
        class="filters"
        onSubmit={(event) => {
          event.preventDefault();
          addTag(text.trim());
        }}
      >
        <TagField tags={loaded.value?.tags ?? []} text={text} onText={setText} onTag={addTag} />
        <EquipmentSelect
          options={loaded.value?.equipment ?? []}
          equipment={equipment}
          onEquipment={onEquipment}
        />
      </form>
      {(tags.length > 0 || equipment) && (
        <ul class="chips" aria-label="Filters">
          {tags.map((tag) => (
            <Chip key={tag} text={tag} onRemove={() => onTags(tags.filter((name) => name !== tag))} />
          ))}
          {equipment && <Chip text={equipment} onRemove={() => onEquipment("")} />}
        </ul>
      )}
      {loaded.error && (
        <p class="hint">
          Tags could not be loaded: {loaded.error.message} <Retry onRetry={loaded.reload} />
        </p>
      )}
    </>
  );
}

type TagFieldProps = {
  tags: Tags["tags"];
  text: string;
  onText: (text: string) => void;
  onTag: (tag: string) => void;
};

function TagField({ tags, text, onText, onTag }: TagFieldProps) {
  const input = (event: InputEvent | Event, value: string) => {
    // A choice from the list applies at once; typed text applies on Enter.
    const chosen = !(event instanceof InputEvent) || event.inputType === "insertReplacementText";
    if (chosen && tags.some(({ tag }) => tag === value)) onTag(value);
    else onText(value);
  };
  return (
    <>
      <input
        aria-label="Filter by tag"
        placeholder="Tag"
        list="site-tags"
        autocomplete="off"
        value={text}
        onInput={(event) => input(event, event.currentTarget.value)}
      />
      <datalist id="site-tags">
        {tags.map(({ tag, points }) => (
          <option key={tag} value={tag} label={`${tag} (${points})`} />
        ))}
      </datalist>
    </>
  );
}

type EquipmentProps = {
  options: Tags["equipment"];
  equipment: string;
  onEquipment: (equipment: string) => void;
};

function EquipmentSelect({ options, equipment, onEquipment }: EquipmentProps) {
  return (
    <select
      aria-label="Filter by equipment"
      value={equipment}
      disabled={!options.length}
      onChange={(event) => onEquipment(event.currentTarget.value)}
    >
      <option value="">Any equipment</option>
      {options.map((option) => (
        <option key={option.equipment} value={option.equipment}>
          {option.equipment} ({option.points})
        </option>
      ))}
    </select>
  );
}

function Chip({ text, onRemove }: { text: string; onRemove: () => void }) {
  return (
    <li>
      <button type="button" class="chip" aria-label={`Remove the filter ${text}`} onClick={onRemove}>
        {text} <span aria-hidden="true">×</span>
      </button>
    </li>
  );
}
