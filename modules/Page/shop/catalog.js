/**
 * What the shop sells. A price is the text of a decimal number and stays text on its way to the server, so that
 * 12.50 is bought for exactly 12.50.
 */
export const catalog = Object.freeze([
  { name: "Lemon", price: "0.45", picture: "shop/item-lemon.svg", blurb: "Sour, and proud of it" },
  { name: "Coffee mug", price: "12.50", picture: "shop/item-mug.svg", blurb: "Holds exactly one Monday" },
  { name: "Teapot", price: "34.00", picture: "shop/item-teapot.svg", blurb: "Short and stout" },
  { name: "Honey", price: "8.90", picture: "shop/item-honey.svg", blurb: "From busy neighbours" },
  { name: "Sourdough loaf", price: "6.40", picture: "shop/item-bread.svg", blurb: "Still warm" },
  { name: "Cactus", price: "15.00", picture: "shop/item-cactus.svg", blurb: "Thrives on being forgotten" },
  { name: "Notebook", price: "9.95", picture: "shop/item-notebook.svg", blurb: "A pencil is included" },
  { name: "Desk lamp", price: "49.00", picture: "shop/item-lamp.svg", blurb: "For late ideas" },
  { name: "Umbrella", price: "24.90", picture: "shop/item-umbrella.svg", blurb: "Keeps the sun away, mostly" },
  { name: "Headphones", price: "79.00", picture: "shop/item-headphones.svg", blurb: "Politely ignore everyone" },
  { name: "Sneakers", price: "89.90", picture: "shop/item-sneakers.svg", blurb: "Fast even when you are not" },
  { name: "Bicycle", price: "640.00", picture: "shop/item-bicycle.svg", blurb: "Flowers are included" },
]);

const pictures = new Map(catalog.map(item => [item.name, item.picture]));

/** The picture of an item by its name; a parcel for what others sold. */
export const pictureOf = name => pictures.get(name) ?? "shop/item-parcel.svg";
