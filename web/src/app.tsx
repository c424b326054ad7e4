import { useEffect, useMemo, useRef } from "preact/hooks";
import { Api, apiBase } from "./api/client";
import type { Site } from "./api/types";
import { Backfills } from "./pages/backfills";
import { Coverage } from "./pages/coverage";
import { Explore } from "./pages/explore";
import { Status } from "./pages/status";
import { formatRoute, go, PAGES, type Page, type Route, route } from "./route";
import { session, signOut } from "./session";
import { useStore } from "./store";
import { useEvery, useLoaded } from "./ui/load";
import { SignIn } from "./ui/sign-in";
import { Empty, Failure, Loading } from "./ui/states";
import { ThemeButton } from "./ui/theme";

/** How far the sites are synced, and which there are, changes while one looks. */
const REFRESH_MS = 60_000;

const TITLES: Record<Page, string> = {
  explore: "Explore",
  coverage: "Coverage",
  backfills: "Backfills",
  status: "Status",
};
const VIEWS = { explore: Explore, coverage: Coverage, backfills: Backfills, status: Status };

export function App() {
  const { token, refused } = useStore(session);
  if (!token) return <SignIn refused={refused} />;
  return <SignedIn key={token} token={token} />;
}

function SignedIn({ token }: { token: string }) {
  const api = useMemo(
    () => new Api(apiBase(document.baseURI), token, (error) => signOut(error.message)),
    [token],
  );
  const sites = useLoaded((signal) => api.get<{ sites: Site[] }>("/sites", {}, signal), [api]);
  useEvery(REFRESH_MS, sites.again, !sites.loading);
  const at = useStore(route);
  useEffect(() => {
    document.title = `${TITLES[at.page]} · Building Vitals`;
  }, [at.page]);
  return (
    <>
      <Header sites={sites.value?.sites ?? []} at={at} />
      <main id="main" tabIndex={-1}>
        {sites.value ? (
          <View api={api} sites={sites.value.sites} at={at} />
        ) : sites.error ? (
          <Failure error={sites.error} again={sites.again} />
        ) : (
          <Loading what="sites" />
        )}
      </main>
    </>
  );
}

function Header({ sites, at }: { sites: Site[]; at: Route }) {
  const site = chosen(sites, at);
  const explored = useRef<Route | undefined>(undefined);
  if (at.page === "explore") explored.current = at;
  const to = (page: Page): Route => {
    const left = page === "explore" && at.page !== page ? explored.current : undefined;
    if (left && chosen(sites, left) === site) return left;
    return { page, site: site?.site_name ?? at.site, parameters: new URLSearchParams() };
  };
  return (
    <header class="top">
      <button type="button" class="skip" onClick={() => document.getElementById("main")?.focus()}>
        Skip to the page
      </button>
      <span class="brand">Building Vitals</span>
      <nav aria-label="Pages">
        {PAGES.map((page) => (
          <a key={page} href={formatRoute(to(page))} aria-current={page === at.page ? "page" : undefined}>
            {TITLES[page]}
          </a>
        ))}
      </nav>
      {sites.length > 0 && (
        <label class="site">
          <span class="visually-hidden">Site</span>
          <select
            value={site?.site_name ?? ""}
            onChange={(event) =>
              go({ page: at.page, site: event.currentTarget.value, parameters: new URLSearchParams() })
            }
          >
            {!site && <option value="">Choose a site</option>}
            {sites.map((one) => (
              <option key={one.site_name} value={one.site_name}>
                {one.display_name || one.site_name}
              </option>
            ))}
          </select>
        </label>
      )}
      <ThemeButton />
      <button type="button" class="quiet" onClick={() => signOut()}>
        Sign out
      </button>
    </header>
  );
}

function View({ api, sites, at }: { api: Api; sites: Site[]; at: Route }) {
  const site = chosen(sites, at);
  if (sites.length === 0)
    return (
      <Empty title="No site to show">
        This token grants no site that has been synced. A new site appears after its first sync, within
        minutes.
      </Empty>
    );
  if (!site)
    return <Empty title={`There is no site “${at.site}” for this token`}>Choose another one above.</Empty>;
  const Chosen = VIEWS[at.page];
  return <Chosen key={site.site_name} api={api} site={site} sites={sites} route={at} />;
}

/** The site of the address, or the first where it names none. */
function chosen(sites: Site[], at: Route): Site | undefined {
  return at.site ? sites.find((site) => site.site_name === at.site) : sites[0];
}
