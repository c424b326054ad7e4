import type { RefObject } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";
import { useTheme } from "../chart/use-plot";
import { type Inks, inksOf } from "../plot/inks";

export type Theme = { inks: Inks; dark: boolean };

/** Returns the colours of the current theme, once the element is there. */
export function useInks(host: RefObject<HTMLElement | null>): Theme | undefined {
  const round = useTheme();
  const [theme, setTheme] = useState<Theme>();
  useLayoutEffect(() => {
    if (!host.current) return;
    const inks = inksOf(host.current);
    setTheme({ inks, dark: isDark(inks.ground) });
  }, [round]);
  return theme;
}

/** Whether a colour such as rgb(15, 20, 25) is nearer to black than to white. */
function isDark(colour: string): boolean {
  const [red = 255, green = 255, blue = 255] = (colour.match(/[\d.]+/g) ?? []).map(Number);
  return red + green + blue < 3 * 128;
}
