import { useState } from 'preact/hooks';

/** Maximum number of entries of an object or list that are shown. */
const MAX_ENTRIES = 200;

/** JSON that unfolds by levels. @param depth number of levels that are unfolded at first */
export function JsonTree({ value, depth }: { readonly value: unknown; readonly depth: number }) {
  if (typeof value !== 'object' || value === null) return <JsonLeaf value={value} />;
  return <JsonEntries value={value} depth={depth} />;
}

function JsonEntries({ value, depth }: { readonly value: object; readonly depth: number }) {
  const entries = Object.entries(value);
  const more = entries.length - MAX_ENTRIES;
  return (
    <ul class="json">
      {entries.slice(0, MAX_ENTRIES).map(([key, field]) => (
        <li key={key}>
          {isBranch(field) ? (
            <JsonBranch name={key} value={field} depth={depth} />
          ) : (
            <>
              <span class="json-key">{key}</span> <JsonLeaf value={field} />
            </>
          )}
        </li>
      ))}
      {more > 0 && <li>… {more}</li>}
    </ul>
  );
}

interface JsonBranchProps {
  readonly name: string;
  readonly value: object;
  readonly depth: number;
}

function JsonBranch({ name, value, depth }: JsonBranchProps) {
  const [isOpen, setIsOpen] = useState(depth > 0);
  const count = Object.keys(value).length;
  return (
    <details open={isOpen} onToggle={(event) => setIsOpen(event.currentTarget.open)}>
      <summary>
        <span class="json-key">{name}</span>{' '}
        <span class="json-count">{Array.isArray(value) ? `[${count}]` : `{${count}}`}</span>
      </summary>
      {isOpen && <JsonEntries value={value} depth={depth - 1} />}
    </details>
  );
}

function JsonLeaf({ value }: { readonly value: unknown }) {
  return (
    <bdi class="json-leaf" data-type={value === null ? 'null' : typeof value}>
      {isBranch(value) ? (Array.isArray(value) ? '[]' : '{}') : JSON.stringify(value)}
    </bdi>
  );
}

/** Whether a value has entries. An empty object is a leaf, because it has nothing to unfold. */
function isBranch(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}
