import type { ToolUse } from '../turn.ts';
import { ToolIcon } from './icons.tsx';

const STATE_WORDS: Record<ToolUse['state'], string> = {
  running: 'running',
  done: 'done',
  failed: 'failed',
  cancelled: 'cancelled',
};

/** One use of a tool: a line that opens to the whole of what went in and came out. */
export function ToolChip({ tool }: { tool: ToolUse }) {
  const { name, args, state, result } = tool;
  const hasResult = state === 'done' || state === 'failed';
  return (
    <details class="tool" data-testid="tool" data-state={state}>
      <summary>
        <ToolIcon />
        <span class="tool-line">
          <code class="tool-name">{name}</code>
          <span class="tool-brief">({brief(args)})</span>
          {hasResult && <span class="tool-brief tool-result">→ {brief(result)}</span>}
        </span>
        <span class={hasResult && state === 'done' ? 'visually-hidden' : 'tool-state'}>{STATE_WORDS[state]}</span>
      </summary>
      <dl>
        <dt>Arguments</dt>
        <dd>
          <pre>{pretty(args)}</pre>
        </dd>
        {hasResult && (
          <>
            <dt>{state === 'failed' ? 'Error' : 'Result'}</dt>
            <dd>
              <pre>{pretty(result)}</pre>
            </dd>
          </>
        )}
      </dl>
    </details>
  );
}

/** One line: the fields of an object without its braces and quotes. */
function brief(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([key, field]) => `${key}: ${typeof field === 'string' ? field : JSON.stringify(field)}`)
    .join(', ');
}

function pretty(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}
