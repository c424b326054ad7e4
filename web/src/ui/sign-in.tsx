import { useState } from "preact/hooks";
import { signIn } from "../session";

/** The form for the token; `refused` is the API's error for the previous token. */
export function SignIn({ refused }: { refused: string }) {
  const [token, setToken] = useState("");
  return (
    <main class="sign-in">
      <h1>Building Vitals</h1>
      {refused && (
        <p class="failure" role="alert">
          The API refused the token: {refused}.
        </p>
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (token.trim()) signIn(token.trim());
        }}
      >
        <label>
          Access token
          <input
            name="token"
            type="password"
            autocomplete="off"
            spellcheck={false}
            required
            value={token}
            onInput={(event) => setToken(event.currentTarget.value)}
          />
        </label>
        <button type="submit">Open</button>
      </form>
      <p class="hint">
        The token is stored until this tab closes. <code>make run</code> prints a token;{" "}
        <code>vitals token create</code> creates another.
      </p>
    </main>
  );
}
