import { readUsage } from '../../models/gemini/usage.ts';
import type { AgentEvent, Content, FunctionResponse, Part, Transcription } from '../../wire/agent-event.ts';
import { omitUndefined } from '../../wire/omit-undefined.ts';
import { isRecord } from '../../wire/record.ts';
import { readResultImages, toResultParts } from '../../wire/result-images.ts';

/** Call with which ADK asks for credentials. Its arguments contain the client secret of the application. */
const CREDENTIAL_CALL = 'adk_request_credential';
/** Author of an answer that a plugin of ADK gives in the place of the agent. */
const PLUGIN_AUTHOR = 'model';
/** Fields that are copied if they are set. */
const COPIED = [
  'id',
  'invocationId',
  'partial',
  'branch',
  'groundingMetadata',
  'finishReason',
  'errorCode',
  'errorMessage',
  'customMetadata',
  'modelVersion',
  'interactionId',
  'liveSessionId',
] as const;
/** Fields of `actions` that clients receive. `requestedAuthConfigs` has secrets of the application, `agentState` concerns ADK alone. */
const ACTIONS = [
  'skipSummarization',
  'stateDelta',
  'artifactDelta',
  'transferToAgent',
  'escalate',
  'requestedToolConfirmations',
  'endOfAgent',
] as const;
const PARTS = ['text', 'thought', 'inlineData', 'fileData', 'executableCode', 'codeExecutionResult'] as const;

/**
 * Converts an event of ADK. Fields that are empty are left out, and so is everything that no client may or can use. The time is in seconds; ADK for
 * TypeScript has milliseconds.
 * @param given value that ADK's Runner has yielded
 * @param agent name of the root agent, for an event without an author
 * @throws {TypeError} if the value is not an event
 */
export function toAgentEvent(given: unknown, agent: string): AgentEvent {
  if (!isRecord(given) || typeof given.id !== 'string' || typeof given.timestamp !== 'number') {
    throw new TypeError("ADK's Runner yielded something other than an event of ADK 2.0");
  }
  const { author, timestamp, content, usageMetadata, liveSessionResumptionUpdate, longRunningToolIds } = given;
  const event = {
    author: typeof author === 'string' && author !== '' && author !== PLUGIN_AUTHOR ? author : agent,
    timestamp: timestamp / 1_000,
  } as Record<string, unknown> & AgentEvent; // The ids follow: they are copied.
  copyFields(given, event, COPIED);
  if (isRecord(content)) event.content = toContent(content);
  if (given.turnComplete === true) event.turnComplete = true;
  if (given.interrupted === true) event.interrupted = true;
  if (isRecord(given.inputTranscription)) event.inputTranscription = toTranscription(given.inputTranscription);
  if (isRecord(given.outputTranscription)) event.outputTranscription = toTranscription(given.outputTranscription);
  if (isRecord(usageMetadata)) event.usageMetadata = readUsage(usageMetadata);
  if (Array.isArray(longRunningToolIds) && longRunningToolIds.length > 0) event.longRunningToolIds = longRunningToolIds;
  // The handle stays on the server: the live session removes it from what clients receive.
  if (isRecord(liveSessionResumptionUpdate)) event.liveSessionResumptionUpdate = liveSessionResumptionUpdate;
  const actions = isRecord(given.actions) ? toActions(given.actions) : undefined;
  if (actions) event.actions = actions;
  return event;
}

/**
 * Whether a run may end after this event although nobody asked for the end: the last agent of a sequence has completed its task, or a plugin has
 * answered in the place of the agent. After any other event ADK ends a run because the connection to the model is gone.
 */
export function endsRun(given: unknown): boolean {
  if (!isRecord(given)) return false;
  if (given.author === PLUGIN_AUTHOR) return true;
  const parts = isRecord(given.content) && Array.isArray(given.content.parts) ? given.content.parts : [];
  return parts.some((part) => part?.functionResponse?.name === 'task_completed');
}

function copyFields(from: Record<string, unknown>, to: Record<string, unknown>, names: readonly string[]): void {
  for (const name of names) {
    const value = from[name];
    if (value !== undefined && value !== null) to[name] = value;
  }
}

function toContent({ role, parts }: Record<string, unknown>): Content {
  return omitUndefined({
    role: typeof role === 'string' ? role : undefined,
    parts: Array.isArray(parts) ? parts.filter(isRecord).map(toPart) : undefined,
  });
}

function toPart(given: Record<string, unknown>): Part {
  const part: Part & Record<string, unknown> = {};
  copyFields(given, part, PARTS);
  if (isRecord(given.functionCall)) {
    const { id, name, args } = given.functionCall;
    const isSecret = name === CREDENTIAL_CALL || !isRecord(args);
    part.functionCall = { id: String(id), name: String(name), args: isSecret ? {} : args };
  }
  if (isRecord(given.functionResponse)) {
    const { id, name, response, parts } = given.functionResponse;
    part.functionResponse = {
      id: String(id),
      name: String(name),
      response: isRecord(response) ? response : {},
      ...toPictures(parts),
    };
  }
  return part;
}

/** Copies the pictures of a result. Of pictures that no client could use, the number is kept. */
function toPictures(parts: unknown): Pick<FunctionResponse, 'parts' | 'pictures'> {
  if (!Array.isArray(parts) || parts.length === 0) return {};
  try {
    return toResultParts(readResultImages(parts.map((part) => (isRecord(part) ? part.inlineData : undefined))));
  } catch {
    return { pictures: parts.length };
  }
}

function toTranscription({ text, finished }: Record<string, unknown>): Transcription {
  return { text: typeof text === 'string' ? text : '', finished: finished === true };
}

/** @returns `undefined` if no field has a value: ADK's events have all of them, mostly empty */
function toActions(given: Record<string, unknown>): Record<string, unknown> | undefined {
  const actions: Record<string, unknown> = {};
  let isEmpty = true;
  for (const name of ACTIONS) {
    const value = given[name];
    if (value === undefined || value === null || value === false) continue;
    if (isRecord(value) && Object.keys(value).length === 0) continue;
    actions[name] = value;
    isEmpty = false;
  }
  return isEmpty ? undefined : actions;
}
