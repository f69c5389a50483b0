/** An error of a program's own. */
export class OutOfPaper extends Error {
  readonly tray: number;

  constructor(tray: number, options?: ErrorOptions) {
    super(`no paper in tray ${tray}`, options);
    this.name = 'OutOfPaper';
    this.tray = tray;
  }
}
