import type { Refusal } from '../client/index.ts';
import type { Account } from './account.ts';
import { formatError } from './format-error.ts';
import { createOfflineNotice, createOtherUserNotice, createSettingsNotice, type Notice } from './notice.ts';
import type { PageSettings } from './settings/page-settings.ts';

/** Reaction of the page to a refusal of the server that is final. */
export type Resolution =
  | { readonly kind: 'sign-in'; readonly byApp: boolean }
  /** The account has other ids now, or the page has other settings. */
  | { readonly kind: 'reopen'; readonly notice?: Notice }
  | { readonly kind: 'offline'; readonly notice: Notice };

export interface RejectedConversation {
  readonly account: Pick<Account, 'findUser' | 'isSignInByApp' | 'switchTo'>;
  readonly settings: Pick<PageSettings, 'resetSpeech'>;
  /** User id that was refused. */
  readonly userId: string | undefined;
  /** Whether the page shows nothing of the conversation. */
  readonly isEmpty: boolean;
  /** Opens the conversation of the account. */
  open(): void;
}

/** Decides what the page does. If another user is signed in, an empty page becomes that user's, and any other page offers it. */
export async function resolveRejection(
  { code, error, hint }: Refusal,
  { account, settings, userId, isEmpty, open }: RejectedConversation,
): Promise<Resolution> {
  if (code === 'unauthorized') return { kind: 'sign-in', byApp: await account.isSignInByApp() };
  // Without the settings the agent may accept the page.
  if (code === 'invalid_run_config' && settings.resetSpeech())
    return { kind: 'reopen', notice: createSettingsNotice(formatError(error)) };
  const user = code === 'user_not_allowed' ? await account.findUser() : undefined;
  if (!user || user.userId === userId)
    return { kind: 'offline', notice: createOfflineNotice(() => formatError(error, hint), open) };
  if (isEmpty) {
    account.switchTo(user.userId, user.byApp);
    return { kind: 'reopen' };
  }
  const continueAsUser = () => {
    account.switchTo(user.userId, user.byApp);
    open();
  };
  return { kind: 'offline', notice: createOtherUserNotice(user.userId, continueAsUser) };
}
