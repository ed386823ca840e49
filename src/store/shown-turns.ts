import type { AgentEvent, FileData, FunctionResponse, Part } from '../wire/agent-event.ts';
import { extractGrounding, joinGroundings } from '../wire/grounding.ts';
import type { ShownTool, ShownTurn, StoredImage } from '../wire/named-events.ts';
import { isRecord } from '../wire/record.ts';
import { isWithinResultLimits } from '../wire/tool-result.ts';
import { extractTurn, foldTurns } from './conversation-turns.ts';

/** Maximum number of calls of a turn that are shown. Further calls are left out. */
const MAX_TOOLS = 50;
/** Maximum size of the arguments of a call that are shown, in characters of JSON. Larger arguments are shown as `{}`. */
const MAX_ARGS_CHARACTERS = 2_000;

/** Maximum size of a result that is shown, in bytes of JSON. A larger result is left out. */
const MAX_RESULT_BYTES = 2_000;
/** Maximum number of pictures of a turn, and of a result, that are named. */
const MAX_IMAGES = 20;
/** URI of a file of a conversation, of which the clients know the name only. */
const URI = /^artifact:\/\/[^/]+\/[^/]+\/[^/]+\/(picture_[\w-]+\.\w+)#0$/;

const NONE: ReadonlySet<string> = new Set();

/**
 * Lists the turns of a conversation for people: as `listTurns`, with the calls and the sources of the agent, the number of pictures of the user, and whether
 * the text was spoken. A turn that has words of both kinds counts as spoken if its first words are.
 * @param confirming ids of the calls that wait for a confirmation now, which the events alone do not tell: the run may have ended
 * @param repliesSoFar text of each reply being given, as far as no event has it
 */
export function listShownTurns(
  events: readonly AgentEvent[],
  confirming: ReadonlySet<string> = NONE,
  repliesSoFar: readonly string[] = [],
): ShownTurn[] {
  const tools = new Map<string, ShownTool>();
  const turns = foldTurns(events, (event) => extractShownTurn(event, tools), mergeInto, hasOnlySources);
  for (const id of confirming) {
    const tool = tools.get(id);
    if (tool?.state === 'open' || tool?.state === 'pending') tool.state = 'confirming';
  }
  addReplies(turns, repliesSoFar, events);
  return turns;
}

/** Adds the replies being given. The first one is the rest of the last turn if that is not complete, as after a call. */
function addReplies(turns: ShownTurn[], repliesSoFar: readonly string[], events: readonly AgentEvent[]): void {
  const last = turns.at(-1);
  for (const [index, text] of repliesSoFar.entries()) {
    const reply: ShownTurn = { role: 'model', text, partial: true };
    if (index > 0 || last?.role !== 'model' || !isOpen(events)) {
      if (text !== '') turns.push(reply);
      continue;
    }
    mergeInto(last, reply);
    last.partial = true;
  }
}

/** Whether the last reply in the events is neither complete nor interrupted. */
function isOpen(events: readonly AgentEvent[]): boolean {
  for (const event of events.toReversed()) {
    if (event.turnComplete || event.interrupted) return false;
    if (extractShownTurn(event, new Map())?.role === 'model') return true;
  }
  return false;
}

/** The sources of an answer may arrive just after its interruption. */
function hasOnlySources({ text, pictures, tools }: ShownTurn): boolean {
  return text === '' && !pictures && !tools;
}

function mergeInto(turn: ShownTurn, { text, spoken, pictures, images, tools, sources, queries }: ShownTurn): void {
  if (text !== '') {
    if (turn.text === '' && spoken) turn.spoken = true;
    turn.text = turn.text === '' ? text : `${turn.text}\n${text}`;
  }
  if (pictures) turn.pictures = (turn.pictures ?? 0) + pictures;
  if (images) turn.images = [...(turn.images ?? []), ...images].slice(0, MAX_IMAGES);
  if (tools) turn.tools = [...(turn.tools ?? []), ...tools].slice(0, MAX_TOOLS);
  if (sources || queries) Object.assign(turn, joinGroundings(turn, { sources, queries }));
}

/** @param tools calls so far, by id; follows the calls and the results of the event */
function extractShownTurn(event: AgentEvent, tools: Map<string, ShownTool>): ShownTurn | undefined {
  const parts = event.partial ? [] : (event.content?.parts ?? []);
  for (const { functionResponse } of parts) if (functionResponse) applyResponse(functionResponse, tools);
  const said = extractTurn(event);
  const calls = listCalls(event, parts, tools);
  const { pictures } = event;
  const images = pictures ? listImages(parts.map(({ fileData }) => fileData)) : [];
  const { sources = [], queries = [] } = (event.groundingMetadata && extractGrounding(event.groundingMetadata)) ?? {};
  const isGrounded = sources.length + queries.length > 0;
  if (!said && calls.length === 0 && !pictures && !isGrounded) return undefined;
  const isSpoken = said !== undefined && (event.inputTranscription ?? event.outputTranscription) !== undefined;
  return {
    role: said?.role ?? (pictures ? 'user' : 'model'),
    text: said?.text ?? '',
    ...(isSpoken ? { spoken: true } : {}),
    ...(pictures ? { pictures } : {}),
    ...(images.length > 0 ? { images } : {}),
    ...(calls.length > 0 ? { tools: calls } : {}),
    ...(sources.length > 0 ? { sources } : {}),
    ...(queries.length > 0 ? { queries } : {}),
  };
}

/** Lists the files with pictures that the recorder of pictures has stored. */
function listImages(files: readonly (FileData | undefined)[]): StoredImage[] {
  return files.flatMap((file) => {
    const [, name] = URI.exec(String(file?.fileUri)) ?? [];
    return file && name !== undefined ? [{ mime_type: file.mimeType, file: name }] : [];
  });
}

/** Counts the pictures of a result, kept or not. */
function countPictures({ parts, pictures }: FunctionResponse): number {
  const kept = Array.isArray(parts) ? parts.length : 0;
  return kept + (Number.isSafeInteger(pictures) ? Number(pictures) : 0);
}

/** The first response of a long-running call leaves the call as it is. */
function applyResponse(given: FunctionResponse, tools: Map<string, ShownTool>): void {
  const tool = tools.get(given.id);
  if (!tool) return;
  if (!given.willContinue) tool.state = hasError(given.response) ? 'failed' : 'done';
  setOutcome(tool, given.response);
  const pictures = countPictures(given);
  if (pictures > 0) tool.pictures = pictures;
  const images = listImages(Array.isArray(given.pictureFiles) ? given.pictureFiles : []);
  if (images.length > 0) tool.images = images;
}

/** Shows the latest response of a call, as `tool_result` has it. */
function setOutcome(tool: ShownTool, response: unknown): void {
  delete tool.result;
  delete tool.error;
  if (!isRecord(response) || !isWithinResultLimits(response, MAX_RESULT_BYTES)) return;
  if (typeof response.error === 'string') tool.error = response.error;
  else tool.result = response;
}

/** Runners and stores of others may have responses of any shape. */
function hasError(response: unknown): boolean {
  return isRecord(response) && 'error' in response;
}

function listCalls(
  { longRunningToolIds = [] }: AgentEvent,
  parts: readonly Part[],
  tools: Map<string, ShownTool>,
): ShownTool[] {
  const calls: ShownTool[] = [];
  for (const { functionCall } of parts) {
    if (!functionCall) continue;
    // A Runner of others may leave the arguments out.
    const { id, name, args = {} } = functionCall;
    const isSmall = JSON.stringify(args).length <= MAX_ARGS_CHARACTERS;
    const tool: ShownTool = {
      id,
      name,
      args: isSmall ? args : {},
      state: longRunningToolIds.includes(id) ? 'pending' : 'open',
    };
    tools.set(id, tool);
    calls.push(tool);
  }
  return calls;
}
