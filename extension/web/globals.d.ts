// What the type checker must know and no script of ours defines. Not shipped.
declare const chrome: any;
