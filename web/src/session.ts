// The token, stored for the browser session.

import { Store } from "./store";

const KEY = "vitals-token";

/** `refused` is the API's error for the previous token, or empty. */
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
