/** Whether the user has a mouse. Without one, as on a phone, the focus of a text field would open the keyboard. */
export function hasMouse(): boolean {
  return matchMedia('(pointer: fine)').matches;
}
