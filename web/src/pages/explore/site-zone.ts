import { createContext } from "preact";

/** The zone of every time on the page: that of the site. */
export const SiteZone = createContext("UTC");
