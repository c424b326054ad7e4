import { useEffect, useMemo } from "preact/hooks";
import { Api, apiBase } from "./api/client";
import type { Site } from "./api/types";
import { Header, TITLES } from "./header";
import { Backfills } from "./pages/backfills";
import { Coverage } from "./pages/coverage";
import { Explore } from "./pages/explore";
import { Quality } from "./pages/quality";
import { Status } from "./pages/status";
import { route as address, type Route } from "./route";
import { session, signOut } from "./session";
import { siteOf } from "./site";
import { useStore } from "./store";
import { useInterval, useLoaded } from "./ui/load";
import { SignIn } from "./ui/sign-in";
import { Empty, Failure, Loading } from "./ui/states";

/** The list of sites and their sync times are reloaded this often. */
const REFRESH_MS = 60_000;

const VIEWS = {
  explore: Explore,
  coverage: Coverage,
  quality: Quality,
  backfills: Backfills,
  status: Status,
};

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
  useInterval(REFRESH_MS, sites.reload, !sites.loading);
  const route = useStore(address);
  useEffect(() => {
    document.title = `${TITLES[route.page]} · Building Vitals`;
  }, [route.page]);
  return (
    <>
      <Header sites={sites.value?.sites ?? []} route={route} />
      <main id="main" tabIndex={-1}>
        {sites.value ? (
          <View api={api} sites={sites.value.sites} route={route} />
        ) : sites.error ? (
          <Failure error={sites.error} onRetry={sites.reload} />
        ) : (
          <Loading subject="sites" />
        )}
      </main>
    </>
  );
}

function View({ api, sites, route }: { api: Api; sites: Site[]; route: Route }) {
  const site = siteOf(sites, route);
  if (sites.length === 0)
    return (
      <Empty title="No site to show">
        This token grants no site that has been synced. A new site appears after its first sync, within
        minutes.
      </Empty>
    );
  if (!site)
    return (
      <Empty title={`There is no site “${route.site}” for this token`}>Choose another site above.</Empty>
    );
  const Chosen = VIEWS[route.page];
  return <Chosen key={site.site_name} api={api} site={site} sites={sites} route={route} />;
}
