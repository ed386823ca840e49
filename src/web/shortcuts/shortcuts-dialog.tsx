import { Dialog } from '../components/dialog.tsx';
import { panelMessages } from '../messages/panels.ts';
import type { Shortcut } from './shortcut.ts';

export interface ShortcutsDialogProps {
  readonly list: readonly Shortcut[];
  /** Whether single keys are on. */
  readonly hasSingleKeys: boolean;
  onClose(): void;
}

export function ShortcutsDialog({ list, hasSingleKeys, onClose }: ShortcutsDialogProps) {
  const words = panelMessages.value.shortcuts;
  return (
    <Dialog title={words.title} onClose={onClose}>
      <dl class="shortcuts">
        {list
          .filter(({ run }) => hasSingleKeys || !run)
          .map(({ keys, action }) => (
            <div key={keys.join()}>
              <dt>{words.actions[action]}</dt>
              <dd>
                {keys.map((key) => (
                  <kbd key={key}>{words.keys[key]}</kbd>
                ))}
              </dd>
            </div>
          ))}
      </dl>
      <footer class="dialog-foot">
        <p>{hasSingleKeys ? words.singleKeys : words.singleKeysOff}</p>
      </footer>
    </Dialog>
  );
}
