import { useEffect, useRef, useState } from 'preact/hooks';
import type { Account, SignInPrompt } from '../account.ts';
import { messages } from '../messages/current.ts';
import { Words } from './words.tsx';

/** Sends the user to the app around the page, which signs users in. */
export function AppSignIn({ prompt: { expired } }: { prompt: SignInPrompt }) {
  const { signIn } = messages.value;
  return (
    <main class="stage sign-in">
      <div class="sign-in-form">
        <h2>{expired ? signIn.titleAgain : signIn.title}</h2>
        <p>{expired ? signIn.byAppAgain : signIn.byApp}</p>
        <button type="button" class="pill primary" onClick={() => location.reload()}>
          {signIn.reload}
        </button>
      </div>
    </main>
  );
}

/** Asks for the access token of a server that admits known users only. */
export function SignIn({ account, prompt }: { account: Account; prompt: SignInPrompt }) {
  const { signIn } = messages.value;
  const [token, setToken] = useState('');
  const field = useRef<HTMLInputElement>(null);
  const { expired, submitting, error } = prompt;
  // Return to the field when the page asks, and when an attempt has failed.
  useEffect(() => {
    if (!submitting) field.current?.focus();
  }, [submitting]);

  return (
    <main class="stage sign-in">
      {/* The field has no name, so that no browser puts the token into a URL. */}
      <form
        class="sign-in-form"
        onSubmit={(event) => {
          event.preventDefault();
          void account.signIn(token);
        }}
      >
        <h2>{expired ? signIn.titleAgain : signIn.title}</h2>
        <p>{expired ? signIn.byTokenAgain : signIn.byToken}</p>
        <label for="token">{signIn.token}</label>
        <input
          ref={field}
          id="token"
          type="password"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          enterkeyhint="go"
          required
          value={token}
          aria-invalid={error !== undefined}
          aria-describedby="token-error"
          onInput={(event) => setToken(event.currentTarget.value)}
        />
        <p id="token-error" class="field-error" role="alert">
          {error && <Words text={error(messages.value)} />}
        </p>
        <button type="submit" class="pill primary" aria-disabled={submitting}>
          <Words text={submitting ? signIn.submitting : signIn.submit} />
        </button>
      </form>
    </main>
  );
}
