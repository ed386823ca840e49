import type { ComponentChild, TargetedKeyboardEvent } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { ExportFormat } from '../../client/index.ts';
import { TrashIcon } from '../inspector/inspector-icons.tsx';
import { panelMessages } from '../messages/panels.ts';
import { BracesIcon, PencilIcon, SoundIcon, TextIcon } from './conversation-icons.tsx';

export interface RowMenuProps {
  /** Button that has opened the menu. */
  readonly button: HTMLElement;
  /** Whether there may be recorded sound. */
  readonly hasSound: boolean;
  onClose(): void;
  onRename(): void;
  onExport(format: ExportFormat): void;
  onDelete(): void;
}

/** Distance of the menu from its button and from the edges of the window, in pixels. */
const GAP_PX = 4;

/** The menu of a conversation. The arrow keys move in it, and any way to close it returns the focus to its button. */
export function RowMenu({ button, hasSound, onClose, onRename, onExport, onDelete }: RowMenuProps) {
  const words = panelMessages.value.conversations;
  const menu = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (!menu.current) return;
    place(menu.current, button.getBoundingClientRect());
    menu.current.querySelector('button')?.focus();
  }, [button]);
  useEffect(() => {
    const onPointerDown = ({ target }: PointerEvent) => {
      if (target instanceof Node && !menu.current?.contains(target) && !button.contains(target)) onClose();
    };
    addEventListener('pointerdown', onPointerDown);
    addEventListener('resize', onClose);
    return () => {
      removeEventListener('pointerdown', onPointerDown);
      removeEventListener('resize', onClose);
    };
  }, [button, onClose]);

  const close = () => {
    button.focus();
    onClose();
  };
  const choose = (run: () => void) => () => {
    close();
    run();
  };
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLDivElement>) => {
    if (event.key === 'Escape' || event.key === 'Tab') close();
    else if (!moveFocus(event.currentTarget, event.key)) return;
    event.preventDefault();
  };

  return (
    <div ref={menu} class="row-menu" role="menu" tabIndex={-1} aria-label={words.actions} onKeyDown={onKeyDown}>
      <Item icon={<PencilIcon />} text={words.rename} onClick={choose(onRename)} />
      <Item icon={<TextIcon />} text={words.exportText} onClick={choose(() => onExport('text'))} />
      <Item icon={<BracesIcon />} text={words.exportJson} onClick={choose(() => onExport('json'))} />
      {hasSound && <Item icon={<SoundIcon />} text={words.exportSound} onClick={choose(() => onExport('wav'))} />}
      <Item icon={<TrashIcon />} text={words.delete} isDangerous onClick={choose(onDelete)} />
    </div>
  );
}

interface ItemProps {
  readonly icon: ComponentChild;
  readonly text: string;
  readonly isDangerous?: boolean;
  onClick(): void;
}

function Item({ icon, text, isDangerous = false, onClick }: ItemProps) {
  return (
    <button type="button" role="menuitem" tabIndex={-1} class={isDangerous ? 'dangerous' : ''} onClick={onClick}>
      {icon}
      {text}
    </button>
  );
}

/** Places the menu below its button, or above where there is no room. */
function place(menu: HTMLElement, button: DOMRect): void {
  const { width, height } = menu.getBoundingClientRect();
  const below = button.bottom + GAP_PX;
  const top = below + height + GAP_PX <= innerHeight ? below : button.top - GAP_PX - height;
  menu.style.top = `${Math.max(GAP_PX, top)}px`;
  // The width of the menu changes with the spacing of its text, away from the edge.
  const right = Math.min(innerWidth - button.right, innerWidth - width - GAP_PX);
  menu.style.right = `${Math.max(GAP_PX, right)}px`;
}

/** @returns whether the key moves the focus */
function moveFocus(menu: HTMLElement, key: string): boolean {
  const items = [...menu.querySelectorAll('button')];
  const at = items.findIndex((item) => item.matches(':focus'));
  const targets: Partial<Record<string, number>> = {
    ArrowDown: (at + 1) % items.length,
    ArrowUp: (at - 1 + items.length) % items.length,
    Home: 0,
    End: items.length - 1,
  };
  const target = targets[key];
  if (target === undefined) return false;
  items[target]?.focus();
  return true;
}
