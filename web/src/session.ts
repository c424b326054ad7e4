// The token, kept for the browser session and no longer.

import { Store } from "./store";

const KEY = "vitals-token";

/** `refused` is what the API said of the token before, empty when nothing was wrong with it. */
export type Session = { token: string; refused: string };

export const session = new Store<Session>({ token: sessionStorage.getItem(KEY) ?? "", refused: "" });

export function signIn(token: string): void {
  sessionStorage.setItem(KEY, token);
  session.set({ token, refused: "" });
}

export function signOut(refused = ""): void {
  sessionStorage.removeItem(KEY);
  session.set({ token: "", refused });
}
