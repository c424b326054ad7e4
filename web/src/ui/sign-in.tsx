import { useState } from "preact/hooks";
import { signIn } from "../session";

/** Asks for the token; `refused` is what the API said of the one before. */
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
        It is kept until this tab is closed. <code>make run</code> prints one;{" "}
        <code>vitals token create</code> makes another.
      </p>
    </main>
  );
}
