import { createContext } from "preact";

/** The zone of every time on the page: that of the site, unless the address chooses the browser's. */
export const SiteZone = createContext("UTC");
