import { useState } from "preact/hooks";
import { type Api, sitePath } from "../../../api/client";
import type { RemovedView, SavedView, SavedViews } from "../../../api/types";
import { useAction } from "../../../ui/action";
import { useLoaded } from "../../../ui/load";
import { refusal } from "./view-text";

/** Loads the views of a site, and saves and deletes them; `done` is a text about the last change. */
export function useViews(api: Api, site: string) {
  const path = sitePath(site, "views");
  const loaded = useLoaded((signal) => api.get<SavedViews>(path, {}, signal), [api, path]);
  const [done, setDone] = useState("");
  const change = useAction(async (verb: "save" | "delete", name: string, view: string) => {
    setDone("");
    try {
      if (verb === "save") await api.put<SavedView>(path, { name, view });
      else await api.delete<RemovedView>(path, { name });
    } catch (error) {
      throw new Error(refusal(error as Error, verb));
    }
    setDone(verb === "save" ? `Saved as “${name}”.` : `Deleted “${name}”.`);
    loaded.reload();
  });
  return {
    views: loaded.value?.views,
    error: loaded.error,
    reload: loaded.reload,
    done,
    busy: change.busy,
    refused: change.error,
    save: (name: string, view: string) => change.begin("save", name, view),
    remove: (name: string) => change.begin("delete", name, ""),
  };
}

export type Views = ReturnType<typeof useViews>;
