import { WireError } from '../wire/wire-error.ts';

/** Routes of the API that name a user and a session: in the path, or for `run_live` in the query. */
export type RouteName =
  | 'send'
  | 'events'
  | 'poll'
  | 'ws'
  | 'tickets'
  | 'sessions'
  | 'session'
  | 'artifact'
  | 'run_live';

export interface RouteMatch {
  readonly name: RouteName;
  /** Path segment as received, not decoded, or a value of the query. Not checked. */
  readonly userId: string;
  /** The same; `undefined` if there is none. */
  readonly sessionId: string | undefined;
  /** The same, of a file of a conversation: only for `artifact`. */
  readonly filename?: string;
}

const PATH = compilePath('(send|events|poll|ws|tickets|sessions)/([^/?#]+)(?:/([^/?#]+))?');
const ARTIFACT = compilePath('sessions/([^/?#]+)/([^/?#]+)/artifacts/([^/?#]+)');
/** Address of ADK's dev page, which names user and session in the query. */
const RUN_LIVE = compilePath('run_live');

/**
 * Compiles the pattern of a request target that leads to a path. It matches as Express does: any case, with or without a trailing slash. A proxy may send
 * the absolute form of the target.
 * @param path source of a pattern, without a slash at its ends
 */
export function compilePath(path: string): RegExp {
  return new RegExp(`^(?:https?://[^/?#]*)?/${path}/?(?:[?#]|$)`, 'i');
}

/**
 * Finds the route of a request target.
 * @param url `req.url`, relative to the path that the routes are mounted under
 * @returns `undefined` if the API has no such route
 */
export function matchRoute(url = ''): RouteMatch | undefined {
  const match = PATH.exec(url);
  if (!match) return RUN_LIVE.test(url) ? matchRunLive(url) : matchArtifact(url);
  const [, name = '', userId = '', sessionId] = match;
  const route = name.toLowerCase() as RouteName; // the pattern has no other names
  // All conversations of a user, and one of them, have different methods.
  return { name: route === 'sessions' && sessionId !== undefined ? 'session' : route, userId, sessionId };
}

/** Whether a route is for WebSockets only. */
export function isSocketRoute(match: RouteMatch | undefined): match is RouteMatch {
  return match?.name === 'ws' || match?.name === 'run_live';
}

function matchArtifact(url: string): RouteMatch | undefined {
  const [, userId = '', sessionId, filename] = ARTIFACT.exec(url) ?? [];
  return filename === undefined ? undefined : { name: 'artifact', userId, sessionId, filename };
}

function matchRunLive(url: string): RouteMatch {
  const [target = ''] = url.split('#', 1);
  const query = new URLSearchParams(target.split('?')[1]);
  return { name: 'run_live', userId: query.get('user_id') ?? '', sessionId: query.get('session_id') || undefined };
}

/** Creates the error for a request target that leads nowhere. */
export function createNotFoundError(url = ''): WireError {
  const [path = ''] = url.split(/[?#]/, 1);
  return new WireError('not_found', `There is nothing at ${path.slice(0, 200)}`);
}
