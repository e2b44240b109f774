#include "cli/phrase.hpp"

#include <set>
#include <vector>

#include <catch2/catch.hpp>

#include "cli/derivation.hpp"

using namespace aitbc;
using namespace aitbc::cli;

namespace {

struct Vector {
  std::string_view entropy, words, seed;
};

// All English vectors of BIP-39; their passphrase is "TREZOR".
constexpr Vector vectors[] = {
    {"00000000000000000000000000000000",
     "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon "
     "abandon about",
     "c55257c360c07c72029aebc1b53c05ed0362ada38ead3e3e9efa3708e53495531f09a6987599d18264c1e1"
     "c92f2cf141630c7a3c4ab7c81b2f001698e7463b04"},
    {"7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f",
     "legal winner thank year wave sausage worth useful legal winner thank yellow",
     "2e8905819b8723fe2c1d161860e5ee1830318dbf49a83bd451cfb8440c28bd6fa457fe1296106559a3c809"
     "37a1c1069be3a3a5bd381ee6260e8d9739fce1f607"},
    {"80808080808080808080808080808080",
     "letter advice cage absurd amount doctor acoustic avoid letter advice cage above",
     "d71de856f81a8acc65e6fc851a38d4d7ec216fd0796d0a6827a3ad6ed5511a30fa280f12eb2e47ed2ac03b"
     "5c462a0358d18d69fe4f985ec81778c1b370b652a8"},
    {"ffffffffffffffffffffffffffffffff", "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong",
     "ac27495480225222079d7be181583751e86f571027b0497b5b5d11218e0a8a13332572917f0f8e5a589620"
     "c6f15b11c61dee327651a14c34e18231052e48c069"},
    {"000000000000000000000000000000000000000000000000",
     "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon "
     "abandon abandon abandon abandon abandon abandon abandon agent",
     "035895f2f481b1b0f01fcf8c289c794660b289981a78f8106447707fdd9666ca06da5a9a565181599b79f5"
     "3b844d8a71dd9f439c52a3d7b3e8a79c906ac845fa"},
    {"7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f",
     "legal winner thank year wave sausage worth useful legal winner thank year wave sausage"
     " worth useful legal will",
     "f2b94508732bcbacbcc020faefecfc89feafa6649a5491b8c952cede496c214a0c7b3c392d168748f2d4a6"
     "12bada0753b52a1c7ac53c1e93abd5c6320b9e95dd"},
    {"808080808080808080808080808080808080808080808080",
     "letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd "
     "amount doctor acoustic avoid letter always",
     "107d7c02a5aa6f38c58083ff74f04c607c2d2c0ecc55501dadd72d025b751bc27fe913ffb796f841c49b1d"
     "33b610cf0e91d3aa239027f5e99fe4ce9e5088cd65"},
    {"ffffffffffffffffffffffffffffffffffffffffffffffff",
     "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo when",
     "0cd6e5d827bb62eb8fc1e262254223817fd068a74b5b449cc2f667c3f1f985a76379b43348d952e2265b4c"
     "d129090758b3e3c2c49103b5051aac2eaeb890a528"},
    {"0000000000000000000000000000000000000000000000000000000000000000",
     "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon "
     "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon "
     "abandon abandon abandon art",
     "bda85446c68413707090a52022edd26a1c9462295029f2e60cd7c4f2bbd3097170af7a4d73245cafa9c3cc"
     "a8d561a7c3de6f5d4a10be8ed2a5e608d68f92fcc8"},
    {"7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f",
     "legal winner thank year wave sausage worth useful legal winner thank year wave sausage"
     " worth useful legal winner thank year wave sausage worth title",
     "bc09fca1804f7e69da93c2f2028eb238c227f2e9dda30cd63699232578480a4021b146ad717fbb7e451ce9"
     "eb835f43620bf5c514db0f8add49f5d121449d3e87"},
    {"8080808080808080808080808080808080808080808080808080808080808080",
     "letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd "
     "amount doctor acoustic avoid letter advice cage absurd amount doctor acoustic bless",
     "c0c519bd0e91a2ed54357d9d1ebef6f5af218a153624cf4f2da911a0ed8f7a09e2ef61af0aca007096df43"
     "0022f7a2b6fb91661a9589097069720d015e4e982f"},
    {"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
     "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo "
     "zoo zoo vote",
     "dd48c104698c30cfe2b6142103248622fb7bb0ff692eebb00089b32d22484e1613912f0a5b694407be899f"
     "fd31ed3992c456cdf60f5d4564b8ba3f05a69890ad"},
    {"9e885d952ad362caeb4efe34a8e91bd2",
     "ozone drill grab fiber curtain grace pudding thank cruise elder eight picnic",
     "274ddc525802f7c828d8ef7ddbcdc5304e87ac3535913611fbbfa986d0c9e5476c91689f9c8a54fd55bd38"
     "606aa6a8595ad213d4c9c9f9aca3fb217069a41028"},
    {"6610b25967cdcca9d59875f5cb50b0ea75433311869e930b",
     "gravity machine north sort system female filter attitude volume fold club stay feature"
     " office ecology stable narrow fog",
     "628c3827a8823298ee685db84f55caa34b5cc195a778e52d45f59bcf75aba68e4d7590e101dc414bc1bbd5"
     "737666fbbef35d1f1903953b66624f910feef245ac"},
    {"68a79eaca2324873eacc50cb9c6eca8cc68ea5d936f98787c60c7ebc74e6ce7c",
     "hamster diagram private dutch cause delay private meat slide toddler razor book happy "
     "fancy gospel tennis maple dilemma loan word shrug inflict delay length",
     "64c87cde7e12ecf6704ab95bb1408bef047c22db4cc7491c4271d170a1b213d20b385bc1588d9c7b38f1b3"
     "9d415665b8a9030c9ec653d75e65f847d8fc1fc440"},
    {"c0ba5a8e914111210f2bd131f3d5e08d",
     "scheme spot photo card baby mountain device kick cradle pact join borrow",
     "ea725895aaae8d4c1cf682c1bfd2d358d52ed9f0f0591131b559e2724bb234fca05aa9c02c57407e04ee9d"
     "c3b454aa63fbff483a8b11de949624b9f1831a9612"},
    {"6d9be1ee6ebd27a258115aad99b7317b9c8d28b6d76431c3",
     "horn tenant knee talent sponsor spell gate clip pulse soap slush warm silver nephew "
     "swap uncle crack brave",
     "fd579828af3da1d32544ce4db5c73d53fc8acc4ddb1e3b251a31179cdb71e853c56d2fcb11aed39898ce6c"
     "34b10b5382772db8796e52837b54468aeb312cfc3d"},
    {"9f6a2878b2520799a44ef18bc7df394e7061a224d2c33cd015b157d746869863",
     "panda eyebrow bullet gorilla call smoke muffin taste mesh discover soft ostrich "
     "alcohol speed nation flash devote level hobby quick inner drive ghost inside",
     "72be8e052fc4919d2adf28d5306b5474b0069df35b02303de8c1729c9538dbb6fc2d731d5f832193cd9fb6"
     "aeecbc469594a70e3dd50811b5067f3b88b28c3e8d"},
    {"23db8160a31d3e0dca3688ed941adbf3",
     "cat swing flag economy stadium alone churn speed unique patch report train",
     "deb5f45449e615feff5640f2e49f933ff51895de3b4381832b3139941c57b59205a42480c52175b6efcffa"
     "a58a2503887c1e8b363a707256bdd2b587b46541f5"},
    {"8197a4a47f0425faeaa69deebc05ca29c0a5b5cc76ceacc0",
     "light rule cinnamon wrap drastic word pride squirrel upgrade then income fatal apart "
     "sustain crack supply proud access",
     "4cbdff1ca2db800fd61cae72a57475fdc6bab03e441fd63f96dabd1f183ef5b782925f00105f318309a7e9"
     "c3ea6967c7801e46c8a58082674c860a37b93eda02"},
    {"066dca1a2bb7e8a1db2832148ce9933eea0f3ac9548d793112d9a95c9407efad",
     "all hour make first leader extend hole alien behind guard gospel lava path output "
     "census museum junior mass reopen famous sing advance salt reform",
     "26e975ec644423f4a4c4f4215ef09b4bd7ef924e85d1d17c4cf3f136c2863cf6df0a475045652c57eb5fb4"
     "1513ca2a2d67722b77e954b4b3fc11f7590449191d"},
    {"f30f8c1da665478f49b001d94c5fc452",
     "vessel ladder alter error federal sibling chat ability sun glass valve picture",
     "2aaa9242daafcee6aa9d7269f17d4efe271e1b9a529178d7dc139cd18747090bf9d60295d0ce74309a7885"
     "2a9caadf0af48aae1c6253839624076224374bc63f"},
    {"c10ec20dc3cd9f652c7fac2f1230f7a3c828389a14392f05",
     "scissors invite lock maple supreme raw rapid void congress muscle digital elegant "
     "little brisk hair mango congress clump",
     "7b4a10be9d98e6cba265566db7f136718e1398c71cb581e1b2f464cac1ceedf4f3e274dc270003c670ad8d"
     "02c4558b2f8e39edea2775c9e232c7cb798b069e88"},
    {"f585c11aec520db57dd353c69554b21a89b20fb0650966fa0a9d6f74fd989d8f",
     "void come effort suffer camp survey warrior heavy shoot primary clutch crush open "
     "amazing screen patrol group space point ten exist slush involve unfold",
     "01f5bced59dec48e362f2c45b5de68b9fd6c92c6634f44d6d40aab69056506f0e35524a518034ddc1192e1"
     "dacd32c1ed3eaa3c3b131c88ed8e7e54c49a5d0998"},
};

Buffer hex_bytes(std::string_view hex) {
  Buffer bytes(hex.size() / 2);
  REQUIRE(from_hex(hex, bytes));
  return bytes;
}

std::string refusal(std::string_view typed) {
  const auto phrase = Phrase::parse(typed);
  REQUIRE_FALSE(phrase.has_value());
  CHECK(phrase.error().code == Errc::bad_config);
  return phrase.error().detail;
}

// One word of the phrase is another.
std::string with_word(const Phrase& phrase, std::size_t index, std::string_view word) {
  std::string text;
  for (std::size_t i = 0; i < phrase.size(); ++i) {
    text += std::string(i == index ? word : phrase.word(i)) + ' ';
  }
  return text;
}

}  // namespace

TEST_CASE("the list of words is the one of BIP-39") {
  std::string text;
  std::set<std::string_view> beginnings;
  for (const std::string_view word : phrase_list()) {
    text += std::string(word) + '\n';
    beginnings.insert(word.substr(0, 4));
  }
  CHECK(sha256(as_bytes(text)).hex() ==
        "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda");
  CHECK(std::is_sorted(phrase_list().begin(), phrase_list().end()));
  CHECK(beginnings.size() == phrase_list_size);
}

TEST_CASE("entropy, words and seeds are those of BIP-39's vectors") {
  for (const Vector& each : vectors) {
    INFO(each.entropy);
    const Phrase phrase(hex_bytes(each.entropy));
    CHECK(phrase.text().view() == each.words);
    const auto read = Phrase::parse(each.words);
    REQUIRE(read.has_value());
    CHECK(read->text().view() == each.words);
    CHECK(to_hex(pbkdf2_hmac_sha512(each.words, "mnemonicTREZOR", 2'048).bytes()) == each.seed);
  }
}

TEST_CASE("a phrase has 12, 15, 18, 21 or 24 words") {
  for (const std::size_t bytes : {16U, 20U, 24U, 28U, 32U}) {
    const Phrase phrase(Buffer(bytes, 0x5a));
    CHECK(phrase.size() == bytes / 4 * 3);
    CHECK(Phrase::parse(phrase.text().view()).has_value());
    const std::string_view text = vectors[0].words;
    const std::string cut(text.substr(0, text.rfind(' ')));
    CHECK(refusal(cut).find("not 11") != std::string::npos);
  }
  CHECK(refusal("").find("not 0") != std::string::npos);
  const std::string twice = std::string(vectors[8].words) + " " + std::string(vectors[8].words);
  CHECK(refusal(twice).find("not 48") != std::string::npos);
}

TEST_CASE("blanks, lines and case of a typed phrase do not matter") {
  const auto phrase = Phrase::parse(
      "\n  Legal WINNER thank\tyear  wave\r\nsausage worth useful legal winner\nthank yellow \n");
  REQUIRE(phrase.has_value());
  CHECK(phrase->text().view() == vectors[1].words);
}

TEST_CASE("a wrong word is named with its place and those that are near") {
  const std::string detail =
      refusal("legal winner thank yaer wave sausage worth useful legal winner thank yellow");
  CHECK(detail == "word 4 of the phrase, 'yaer', is not in the list of BIP-39; near it: year");
  CHECK(refusal("legl").find("near it: leg, legal") != std::string::npos);
  CHECK(refusal("LEGL").find("near it: leg, legal") != std::string::npos);
  CHECK(refusal("qqqqqqqq").find("near") == std::string::npos);
  CHECK(refusal(std::string(1'000, 'x')).size() < 100);
}

TEST_CASE("a word for another, or two of them the other way round, breaks the checksum") {
  const Phrase phrase(Buffer(32, 0x17));
  // One of 256 words in a place fits by chance.
  std::size_t accepted = 0;
  for (const std::string_view word : phrase_list()) {
    if (Phrase::parse(with_word(phrase, 5, word)).has_value()) ++accepted;
  }
  CHECK(accepted < 30);
  CHECK(refusal("winner legal thank year wave sausage worth useful legal winner thank yellow")
            .find("the phrase is wrong") == 0);
}

TEST_CASE("what is typed back must be the phrase that was shown") {
  const auto phrase = Phrase::parse(vectors[8].words);
  REQUIRE(phrase.has_value());
  CHECK(phrase->confirm(vectors[8].words).has_value());
  CHECK(phrase->confirm("ABANDON\n" + std::string(vectors[8].words.substr(8))).has_value());
  const Status wrong = phrase->confirm(with_word(*phrase, 6, "ability"));
  REQUIRE_FALSE(wrong.has_value());
  CHECK(wrong.error().detail == "word 7 is not the one that was shown");
  const Status shorter = phrase->confirm(vectors[0].words);
  REQUIRE_FALSE(shorter.has_value());
  CHECK(shorter.error().detail == "expected 24 words, got 12");
  CHECK_FALSE(phrase->confirm("").has_value());
}

TEST_CASE("PBKDF2-HMAC-SHA512 of other programs") {
  const auto derived = [](std::string_view password, std::string_view salt, std::uint32_t rounds) {
    return to_hex(pbkdf2_hmac_sha512(password, salt, rounds).bytes());
  };
  CHECK(derived("password", "salt", 1) ==
        "867f70cf1ade02cff3752599a3a53dc4af34c7a669815ae5d513554e1c8cf252"
        "c02d470a285a0501bad999bfe943c08f050235d7d68b1da55e63f73b60a57fce");
  CHECK(derived("password", "salt", 2) ==
        "e1d9c16aa681708a45f5c7c4e215ceb66e011a2e9f0040713f18aefdb866d53c"
        "f76cab2868a39b9f7840edce4fef5a82be67335c77a6068e04112754f27ccf4e");
  CHECK(derived("passwordPASSWORDpassword", "saltSALTsaltSALTsaltSALTsaltSALTsalt", 4'096) ==
        "8c0511f4c6e597c6ac6315d8f0362e225f3c501495ba23b868c005174dc4ee71"
        "115b59f9e60cd9532fa33e0f75aefe30225c583a186cd82bd4daea9724a3d3b8");
}

TEST_CASE("keys and chain codes are those of SLIP-0010's vectors for Ed25519") {
  struct Step {
    std::vector<std::uint32_t> path;
    std::string_view key, chain_code;
  };
  const Buffer first = hex_bytes("000102030405060708090a0b0c0d0e0f");
  const std::vector<Step> of_first{
      {{},
       "2b4be7f19ee27bbf30c667b642d5f4aa69fd169872f8fc3059c08ebae2eb19e7",
       "90046a93de5380a72b5e45010748567d5ea02bbf6522f979e05c0d8d8ca9fffb"},
      {{0},
       "68e0fe46dfb67e368c75379acec591dad19df3cde26e63b93a8e704f1dade7a3",
       "8b59aa11380b624e81507a27fedda59fea6d0b779a778918a2fd3590e16e9c69"},
      {{0, 1},
       "b1d0bad404bf35da785a64ca1ac54b2617211d2777696fbffaf208f746ae84f2",
       "a320425f77d1b5c2505a6b1b27382b37368ee640e3557c315416801243552f14"},
      {{0, 1, 2},
       "92a5b23c0b8a99e37d07df3fb9966917f5d06e02ddbd909c7e184371463e9fc9",
       "2e69929e00b5ab250f49c3fb1c12f252de4fed2c1db88387094a0f8c4c9ccd6c"},
      {{0, 1, 2, 2},
       "30d1dc7e5fc04c31219ab25a27ae00b50f6fd66622f6e9c913253d6511d1e662",
       "8f6d87f93d750e0efccda017d662a1b31a266e4a6f5993b15f5c1f07f74dd5cc"},
      {{0, 1, 2, 2, 1'000'000'000},
       "8f94d394a8e8fd6b1bc2f3f49f5c47e385281d5c17e65324b0f62483e37e8793",
       "68789923a0cac2cd5a29172a475fe9e0fb14cd6adb5ad98a3fa70333e7afa230"}};
  const Buffer second = hex_bytes(
      "fffcf9f6f3f0edeae7e4e1dedbd8d5d2cfccc9c6c3c0bdbab7b4b1aeaba8a5a2"
      "9f9c999693908d8a8784817e7b7875726f6c696663605d5a5754514e4b484542");
  const std::vector<Step> of_second{
      {{},
       "171cb88b1b3c1db25add599712e36245d75bc65a1a5c9e18d76f9f2b1eab4012",
       "ef70a74db9c3a5af931b5fe73ed8e1a53464133654fd55e7a66f8570b8e33c3b"},
      {{0},
       "1559eb2bbec5790b0c65d8693e4d0875b1747f4970ae8b650486ed7470845635",
       "0b78a3226f915c082bf118f83618a618ab6dec793752624cbeb622acb562862d"},
      {{0, 2'147'483'647},
       "ea4f5bfe8694d8bb74b7b59404632fd5968b774ed545e810de9c32a4fb4192f4",
       "138f0b2551bcafeca6ff2aa88ba8ed0ed8de070841f0c4ef0165df8181eaad7f"},
      {{0, 2'147'483'647, 1},
       "3757c7577170179c7868353ada796c839135b3d30554bbb74a4b1e4a5a58505c",
       "73bd9fff1cfbde33a1b846c27085f711c0fe2d66fd32e139d3ebc28e5a4a6b90"},
      {{0, 2'147'483'647, 1, 2'147'483'646},
       "5837736c89570de861ebc173b1086da4f505d4adb387c6a1b1342d5e4ac9ec72",
       "0902fe8a29f9140480a00ef244bd183e8a13288e4412d8389d140aac1794825a"},
      {{0, 2'147'483'647, 1, 2'147'483'646, 2},
       "551d333177df541ad876a60ea71f00447931c0a9da16f227c11ea080d7391b8d",
       "5d70af781f3a37b829f0d060924d5e960bdc02e85423494afc0b1a41bbe196d4"}};
  const auto check = [](const Buffer& seed, const std::vector<Step>& steps) {
    for (const Step& step : steps) {
      CHECK(to_hex(derive(seed, step.path).bytes()) ==
            std::string(step.key) + std::string(step.chain_code));
    }
  };
  check(first, of_first);
  check(second, of_second);
}

TEST_CASE("the seed of a phrase stays the same") {
  // Python's hashlib and hmac, along m/44'/1'/0' and without a passphrase.
  const auto twelve = Phrase::parse(vectors[0].words);
  const auto most = Phrase::parse(vectors[8].words);
  REQUIRE((twelve && most));
  CHECK(to_hex(seed_of(*twelve).bytes()) ==
        "aee46d61b83de269c446a04b2beb5ea7ee1ce72207b5e7b8a8a10e642405b680");
  CHECK(to_hex(seed_of(*most).bytes()) ==
        "7d203575d41abdaa7d0159b6a8e485d3093096a5a5aeb9739c626b5717e78624");
}
