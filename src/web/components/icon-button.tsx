import type { ButtonHTMLAttributes } from 'preact';

interface IconButtonProps extends Omit<ButtonHTMLAttributes, 'type' | 'class' | 'label'> {
  /** Name of the button for screen readers, and its tooltip if there is no `title`. */
  readonly label: string;
  /** Whether the button is small, as beside text. Default: false */
  readonly isSmall?: boolean;
}

/** A round button that shows only an icon. */
export function IconButton({ label, title = label, isSmall = false, ...attributes }: IconButtonProps) {
  const className = isSmall ? 'round small' : 'round';
  return <button type="button" class={className} aria-label={label} title={title} {...attributes} />;
}
