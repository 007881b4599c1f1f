//! A Jenkins controller made of recordings.
#![allow(dead_code, reason = "being built")]
pub(crate) mod auth;
pub(crate) mod paths;
pub(crate) mod recordings;
pub(crate) mod store;
pub(crate) mod tree;
pub(crate) mod view;

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn gold() {
        let recordings = recordings::Recordings::load().unwrap();
        let t=std::time::Instant::now();
        let store = store::Store::load(&recordings).unwrap();
        println!("load {:?}", t.elapsed());
        let gold: Vec<serde_json::Value> = serde_json::from_slice(&std::fs::read(recordings::fixtures().join("gold-trees.json")).unwrap()).unwrap();
        let mut ok = 0;
        for g in &gold {
            let t = paths::Target::parse(g["path"].as_str().unwrap());
            let obj = t.before(&["api","json"]).unwrap();
            let obj = paths::Target::parse(&obj);
            let tr = tree::Tree::parse(t.param("tree").unwrap());
            let got = tr.and_then(|tr| store.show(&store.resolve(obj.segments()).unwrap(), &tr));
            let want = (g["status"]==200).then(|| serde_json::to_string(&g["json"]).unwrap());
            let got = got.ok().map(|v| serde_json::to_string(&v).unwrap());
            if want == got { ok += 1; } else {
                println!("MISS {} {}", g["object"], g["tree"]);
                let (w,h)=(want.unwrap_or_default(), got.unwrap_or_default());
                let at = w.bytes().zip(h.bytes()).take_while(|(a,b)| a==b).count().saturating_sub(80);
                println!("  want {}", String::from_utf8_lossy(&w.as_bytes()[at.min(w.len())..(at+400).min(w.len())]));
                println!("  got  {}", String::from_utf8_lossy(&h.as_bytes()[at.min(h.len())..(at+400).min(h.len())]));
            }
        }
        println!("{ok}/{}", gold.len());
    }
}
