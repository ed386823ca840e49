import type { RealtimeModel } from '../../models/realtime-model.ts';
import { describeError, toErrorDetails } from '../../wire/error-text.ts';
import type { Agent } from '../agent.ts';
import type { Tool } from '../tool.ts';
import type { Toolset } from '../toolset.ts';
import type { ToolLogger } from './tool-execution.ts';

/** Maximum wait for the tools of a toolset when a run starts, in ms. */
const LIST_MS = 10_000;
/** Maximum number of tools of a run. Further tools of toolsets are left out. Gemini takes 128 declarations. */
const MAX_TOOLS = 128;
/** Maximum length of the name of a tool in the log, in characters. */
const MAX_NAME = 100;
/** Maximum size of a declaration of a toolset, in characters of JSON. A larger one is left out: the model is told of it on each connection. */
const MAX_DECLARATION = 16 * 1024;

/**
 * Lists the tools of a run: those of the agent, and those that its toolsets have now. A toolset that fails or does not answer costs the run its tools,
 * and nothing else. A tool that the model cannot be told of is left out. Both are logged.
 */
export async function listTools(
  { tools, toolsets }: Pick<Agent, 'tools' | 'toolsets'>,
  model: Pick<RealtimeModel, 'checkTools'>,
  logger: ToolLogger | undefined,
  abortSignal?: AbortSignal,
): Promise<readonly Tool[]> {
  if (toolsets.length === 0) return tools;
  const lists = await Promise.all(toolsets.map((toolset) => listToolset(toolset, logger, abortSignal)));
  const chosen = [...tools];
  const names = new Set(tools.map(nameOf));
  for (const [index, list] of lists.entries()) {
    for (const tool of list) {
      const reason = findReasonAgainst(tool, names, model);
      if (reason === undefined) {
        names.add(nameOf(tool));
        chosen.push(tool);
      } else
        logger?.warn(
          { toolset: toolsets[index]?.name, tool: readName(tool), reason },
          'a tool of a toolset is left out',
        );
    }
  }
  return chosen;
}

async function listToolset(
  toolset: Toolset,
  logger: ToolLogger | undefined,
  abortSignal: AbortSignal | undefined,
): Promise<readonly Tool[]> {
  const controller = new AbortController();
  const end = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const error = new Error(`no answer within ${LIST_MS} ms`);
    controller.abort(error);
    end.reject(error);
  }, LIST_MS).unref();
  // The toolset is not told: other runs wait for the same server, and a user who leaves is no failure of it.
  const onAbort = () => end.reject(new Error('the run has ended'));
  abortSignal?.addEventListener('abort', onAbort);
  try {
    const listing = (async () => toolset.tools(controller.signal))().finally(() => clearTimeout(timer));
    const tools: unknown = await Promise.race([listing, end.promise]);
    if (!Array.isArray(tools)) throw new TypeError('tools() has not returned an array');
    return tools;
  } catch (error) {
    logger?.warn({ toolset: toolset.name, err: toErrorDetails(error) }, 'a toolset has no tools for this run');
    return [];
  } finally {
    abortSignal?.removeEventListener('abort', onAbort);
  }
}

function findReasonAgainst(
  tool: Tool,
  names: ReadonlySet<string>,
  model: Pick<RealtimeModel, 'checkTools'>,
): string | undefined {
  try {
    if (names.has(nameOf(tool))) return 'there is a tool with this name';
    if (names.size >= MAX_TOOLS) return `a run has at most ${MAX_TOOLS} tools`;
    if (JSON.stringify(tool.declaration).length > MAX_DECLARATION) {
      return `its declaration has more than ${MAX_DECLARATION} characters`;
    }
    model.checkTools([tool.declaration]);
    return undefined;
  } catch (error) {
    return describeError(error);
  }
}

/** Name of a tool that may be nothing of the kind, for the log. */
function readName(tool: unknown): unknown {
  const { declaration } = Object(tool) as { readonly declaration?: unknown };
  const { name } = Object(declaration) as { readonly name?: unknown };
  return typeof name === 'string' ? name.slice(0, MAX_NAME) : undefined;
}

function nameOf({ declaration }: Tool): string {
  return 'name' in declaration ? declaration.name : declaration.type;
}
