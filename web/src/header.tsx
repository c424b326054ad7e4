import { useRef } from "preact/hooks";
import type { Site } from "./api/types";
import { formatRoute, go, PAGES, type Page, type Route } from "./route";
import { signOut } from "./session";
import { siteOf } from "./site";
import { ThemeButton } from "./ui/theme";

export const TITLES: Record<Page, string> = {
  explore: "Explore",
  coverage: "Coverage",
  quality: "Quality",
  backfills: "Backfills",
  status: "Status",
};

/** The bar above every page: navigation, site, colours and sign-out. */
export function Header({ sites, route }: { sites: Site[]; route: Route }) {
  return (
    <header class="top">
      <button type="button" class="skip" onClick={() => document.getElementById("main")?.focus()}>
        Skip to the page
      </button>
      <span class="brand">Building Vitals</span>
      <Navigation sites={sites} route={route} />
      {sites.length > 0 && <SiteSelect sites={sites} route={route} />}
      <ThemeButton />
      <button type="button" class="quiet" onClick={() => signOut()}>
        Sign out
      </button>
    </header>
  );
}

/** Links to the pages; the link to Explore restores the site's last chart. */
function Navigation({ sites, route }: { sites: Site[]; route: Route }) {
  const site = siteOf(sites, route);
  const explored = useRef<Route | undefined>(undefined);
  if (route.page === "explore") explored.current = route;
  const routeTo = (page: Page): Route => {
    const last = page === "explore" && route.page !== page ? explored.current : undefined;
    if (last && siteOf(sites, last) === site) return last;
    return { page, site: site?.site_name ?? route.site, parameters: new URLSearchParams() };
  };
  return (
    <nav aria-label="Pages">
      {PAGES.map((page) => (
        <a
          key={page}
          href={formatRoute(routeTo(page))}
          aria-current={page === route.page ? "page" : undefined}
        >
          {TITLES[page]}
        </a>
      ))}
    </nav>
  );
}

function SiteSelect({ sites, route }: { sites: Site[]; route: Route }) {
  const site = siteOf(sites, route);
  return (
    <div class="site">
      <label>
        <span class="visually-hidden">Site</span>
        <select
          value={site?.site_name ?? ""}
          onChange={(event) =>
            go({ page: route.page, site: event.currentTarget.value, parameters: new URLSearchParams() })
          }
        >
          {!site && <option value="">Choose a site</option>}
          {sites.map(({ site_name, display_name }) => (
            <option key={site_name} value={site_name}>
              {display_name || site_name}
            </option>
          ))}
        </select>
      </label>
      {site && <small title="Time zone of the site">{site.timezone}</small>}
    </div>
  );
}
