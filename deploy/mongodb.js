// Asked by compose whether MongoDB is well: its replica set is made at the first asking, and the
// answer is yes once this node may be written to or follows one that may.

const HOST = "mongodb:27017";
const NOT_YET_INITIALIZED = 94;

try {
  rs.status();
} catch (error) {
  if (error.code !== NOT_YET_INITIALIZED) throw error;
  rs.initiate({ _id: "rs0", members: [{ _id: 0, host: HOST }] });
}
const { isWritablePrimary, secondary } = db.hello();
quit(isWritablePrimary || secondary ? 0 : 1);
