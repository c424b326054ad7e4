const SCALE = [
  ["level-1", "under half"],
  ["level-2", "from half"],
  ["level-3", "from 90 %"],
  ["level-4", "all"],
];
const MARKS = [
  ["empty", "asked, no data"],
  ["missing hole", "hole: never asked"],
  ["level-4 unarchived", "not archived yet"],
  ["before", "before the first day"],
];

/** What the looks of days mean. */
export function Legend() {
  return (
    <div class="legend">
      <span class="legend-group">
        <span>5-minute windows with data</span>
        {SCALE.map(([look, text]) => (
          <Key key={look} look={look} text={text} />
        ))}
      </span>
      {MARKS.map(([look, text]) => (
        <Key key={look} look={look} text={text} />
      ))}
    </div>
  );
}

function Key({ look, text }: { look: string | undefined; text: string | undefined }) {
  return (
    <span class="key">
      <span class={`day ${look}`} aria-hidden="true" /> {text}
    </span>
  );
}
