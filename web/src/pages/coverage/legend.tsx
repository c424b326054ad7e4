const SCALE = [
  ["level-1", "under half"],
  ["level-2", "from half"],
  ["level-3", "from 90 %"],
  ["level-4", "all"],
];
const MARKS = [
  ["empty", "polled, no data"],
  ["missing unpolled", "windows never polled"],
  ["level-4 unarchived", "not archived yet"],
  ["before", "before the first day with data"],
];

/** The meaning of the colours and marks of days. */
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
