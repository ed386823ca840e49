import { signal } from '@preact/signals';
import {
  ConversationError,
  type ConversationSummary,
  type Conversations,
  type ExportFormat,
} from '../../client/conversations-interface.ts';
import { formatError } from '../format-error.ts';
import type { Text } from '../messages/current.ts';
import { panelMessages } from '../messages/panels.ts';
import { toFileName } from './file-name.ts';

/** A conversation as the page lists it. */
export interface ListedConversation extends ConversationSummary {
  /** Whether the user has deleted it and can still undo that. */
  readonly isDeleting?: boolean;
}

/** What went wrong, and how the user can repeat it. */
export interface ListProblem {
  readonly action: 'load' | 'rename' | 'delete' | 'export';
  readonly text: Text;
  retry?(): void;
}

export interface ConversationListOptions {
  readonly conversations: Pick<Conversations, 'list' | 'rename' | 'delete' | 'exportAs'>;
  /** Called when the server refuses the credentials. */
  onUnauthorized(): void;
  /** Offers a file to the user. */
  saveFile(name: string, content: Blob): void;
}

/** Number of conversations of a page. */
const PAGE = 100;
/** Maximum wait for an answer, in ms. */
const TIMEOUT_MS = 20_000;
/** Wait before a list that could not be loaded is loaded again, in ms. It doubles with each failure up to the maximum. */
const FIRST_RETRY_MS = 2_000;
const MAX_RETRY_MS = 30_000;
/** Time in which a deletion can be undone, in ms. The conversation is deleted on the server after it. */
const UNDO_MS = 10_000;

/** The conversations of the user, as far as they are loaded, and what the user does to them. Every failure becomes a `problem`. */
export class ConversationList {
  /** Newest first. `undefined`: nothing has arrived yet. */
  readonly rows = signal<readonly ListedConversation[] | undefined>(undefined);
  /** Whether the server has said that the conversations end with it. */
  readonly isVolatile = signal(false);
  readonly isLoading = signal(false);
  readonly problem = signal<ListProblem | undefined>(undefined);
  /** Id of the conversation that is being exported. */
  readonly exporting = signal<string | undefined>(undefined);
  readonly #options: ConversationListOptions;
  /** Cursor of the page after the loaded ones. */
  #next: string | undefined;
  readonly #deletions = new Map<string, ReturnType<typeof setTimeout>>();
  #isRefreshWanted = false;
  #retryMs = FIRST_RETRY_MS;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ConversationListOptions) {
    this.#options = options;
  }

  /** Whether there are conversations that are not loaded. */
  get hasMore(): boolean {
    return this.#next !== undefined;
  }

  /** Loads the newest conversations, and keeps the older ones that are loaded. */
  async refresh(): Promise<void> {
    if (this.isLoading.value) {
      this.#isRefreshWanted = true;
      return;
    }
    this.#isRefreshWanted = false;
    await this.#load(undefined, () => void this.refresh());
    if (this.#isRefreshWanted) await this.refresh();
  }

  /** Loads the next page. Does nothing while there is none, and after a failure until the user repeats it. */
  async loadMore(): Promise<void> {
    if (this.isLoading.value || !this.hasMore || this.problem.value?.action === 'load') return;
    await this.#load(this.#next, () => {
      this.dismiss();
      void this.loadMore();
    });
  }

  /** Gives a conversation a title. The list shows it at once. */
  async rename(id: string, title: string): Promise<void> {
    const before = this.#find(id);
    const wanted = title.replace(/\s+/g, ' ').trim();
    if (!before || wanted === '' || wanted === before.title) return;
    this.#change(id, { title: wanted });
    try {
      this.#change(id, await this.#options.conversations.rename(id, wanted, { signal: limit() }));
      this.#solve('rename');
    } catch (error) {
      this.#change(id, { title: before.title });
      this.#report('rename', error, () => void this.rename(id, wanted));
    }
  }

  /** Deletes a conversation after the time in which that can be undone. */
  delete(id: string): void {
    if (!this.#find(id) || this.#deletions.has(id)) return;
    this.#change(id, { isDeleting: true });
    this.#deletions.set(
      id,
      setTimeout(() => void this.#deleteNow(id), UNDO_MS),
    );
  }

  undoDelete(id: string): void {
    clearTimeout(this.#deletions.get(id));
    if (this.#deletions.delete(id)) this.#change(id, { isDeleting: false });
  }

  /** Deletes at once what can still be undone, and loads nothing any more: nobody sees the list. */
  flush(): void {
    this.pause();
    for (const id of [...this.#deletions.keys()]) void this.#deleteNow(id);
  }

  /** Downloads a conversation. */
  async exportAs(id: string, format: ExportFormat): Promise<void> {
    if (this.exporting.value !== undefined) return;
    this.exporting.value = id;
    try {
      const response = await this.#options.conversations.exportAs(id, format);
      this.#options.saveFile(
        `${toFileName(this.#find(id)?.title ?? '')}.${format === 'text' ? 'txt' : format}`,
        await response.blob(),
      );
      this.#solve('export');
    } catch (error) {
      this.#report('export', error, isFinal(error) ? undefined : () => void this.exportAs(id, format));
    } finally {
      this.exporting.value = undefined;
    }
  }

  dismiss(): void {
    this.pause();
    this.problem.value = undefined;
  }

  /** Stops loading again by itself what could not be loaded, until the next failure. */
  pause(): void {
    clearTimeout(this.#retryTimer);
  }

  async #load(cursor: string | undefined, retry: () => void): Promise<void> {
    const { conversations } = this.#options;
    this.pause();
    this.isLoading.value = true;
    try {
      const { value } = await conversations.list({ limit: PAGE, cursor, signal: limit() }).next();
      const { conversations: rows = [], next, volatile = false } = value ?? {};
      this.isVolatile.value = volatile;
      if (cursor === undefined) this.#replaceNewest(rows, next);
      else this.#append(rows, next);
      this.#solve('load');
      this.#retryMs = FIRST_RETRY_MS;
    } catch (error) {
      this.#report('load', error, retry);
      if (isTransient(error)) this.#loadLater(cursor, retry);
    } finally {
      this.isLoading.value = false;
    }
  }

  /** Loads a page again, which shows the list as soon as the network or the server is back. */
  #loadLater(cursor: string | undefined, retry: () => void): void {
    this.#retryTimer = setTimeout(() => void this.#load(cursor, retry), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, MAX_RETRY_MS);
  }

  #replaceNewest(page: readonly ConversationSummary[], next: string | undefined): void {
    const ids = new Set(page.map(({ id }) => id));
    const last = page.at(-1)?.lastUpdateTime ?? 0;
    const known = this.rows.value ?? [];
    // A conversation of the time that the page covers, and not on the page, was deleted.
    const older = next === undefined ? [] : known.filter((row) => !ids.has(row.id) && row.lastUpdateTime < last);
    const rows = page.map((row) => (this.#deletions.has(row.id) ? { ...row, isDeleting: true } : row));
    this.rows.value = [...rows, ...older];
    if (older.length === 0) this.#next = next;
  }

  #append(page: readonly ConversationSummary[], next: string | undefined): void {
    const known = this.rows.value ?? [];
    const ids = new Set(known.map(({ id }) => id));
    this.rows.value = [...known, ...page.filter(({ id }) => !ids.has(id))];
    this.#next = next;
  }

  async #deleteNow(id: string): Promise<void> {
    clearTimeout(this.#deletions.get(id));
    this.#deletions.delete(id);
    try {
      await this.#options.conversations.delete(id, { signal: limit() });
      this.rows.value = this.rows.value?.filter((row) => row.id !== id);
      this.#solve('delete');
    } catch (error) {
      this.#change(id, { isDeleting: false });
      this.#report('delete', error, () => void this.#deleteNow(id));
    }
  }

  #find(id: string): ListedConversation | undefined {
    return this.rows.value?.find((row) => row.id === id);
  }

  #change(id: string, change: Partial<ListedConversation>): void {
    this.rows.value = this.rows.value?.map((row) => (row.id === id ? { ...row, ...change } : row));
  }

  /** Forgets a problem that a later success of the same kind has solved. */
  #solve(action: ListProblem['action']): void {
    if (this.problem.value?.action === action) this.problem.value = undefined;
  }

  #report(action: ListProblem['action'], error: unknown, retry: (() => void) | undefined): void {
    if (error instanceof ConversationError && error.refusal.status === 401) this.#options.onUnauthorized();
    else this.problem.value = { action, text: explain(error), ...(retry ? { retry } : {}) };
  }
}

/** Whether the same request may succeed later: no answer arrived, or the server was not able to give it. */
function isTransient(error: unknown): boolean {
  const status = error instanceof ConversationError ? error.refusal.status : undefined;
  return status === undefined || status === 429 || status >= 500;
}

/** Whether a repetition would fail, too. */
function isFinal(error: unknown): boolean {
  return error instanceof ConversationError && error.refusal.status === 404;
}

function explain(error: unknown): Text {
  const refusal = error instanceof ConversationError ? error.refusal : undefined;
  if (refusal?.status === undefined) return ({ notice }) => notice.unreachable;
  const { error: text, hint, status, code } = refusal;
  if (code === 'no_recording') return () => panelMessages.value.conversations.noRecording;
  // The hint of a missing conversation is for developers.
  return () => formatError(text, status === 404 ? undefined : hint);
}

function limit(): AbortSignal {
  return AbortSignal.timeout(TIMEOUT_MS);
}
